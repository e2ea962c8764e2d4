const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function first(word: string | undefined): string {
  for (const { segment } of graphemes.segment(word ?? "")) return segment.toLocaleUpperCase();
  return "";
}

/** The first grapheme of the first and of the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  return words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0]);
}
