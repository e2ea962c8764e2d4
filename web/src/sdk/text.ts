/** A text as the node takes it: it alters nothing that people sign, and refuses what is not trimmed and in NFC. */
export function tidy(text: string): string {
  return text.normalize("NFC").trim();
}
