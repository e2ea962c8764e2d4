/** "de Léo", "d’Ana": « de » loses its vowel before another, and before an h, which in names is nearly always mute. */
export function de(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{M}/gu, "");
  return /^(?:[aeiouhæœ]|y[^\Waeiouy])/i.test(plain) ? `d’${name}` : `de ${name}`;
}
