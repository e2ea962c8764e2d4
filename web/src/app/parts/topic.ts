/** A topic as the protocol has it: a-z, 0-9 and hyphens, at most 32. Accents are dropped, the rest becomes hyphens. */
export function topic(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
}
