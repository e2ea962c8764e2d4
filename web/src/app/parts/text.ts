const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

// Control, bidirectional and line-breaking characters: the node refuses a name or a title that holds one.
const forbidden = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** How many characters a person would count. */
export function length(text: string): number {
  return Array.from(graphemes.segment(text)).length;
}

/** As it is sent: composed (NFC), without spaces around. */
export function tidy(text: string): string {
  return text.normalize("NFC").trim();
}

/**
 * What is wrong with a one-line text, so that it can be said before the node has to. The node takes so many bytes as well:
 * some characters, such as a family in emoji, are made of many.
 */
export function fault(text: string, most: number, bytes = 10 * most): "missing" | "long" | "characters" | null {
  const tidied = tidy(text);
  if (tidied === "") return "missing";
  if (forbidden.test(tidied)) return "characters";
  return length(tidied) > most || new TextEncoder().encode(tidied).length > bytes ? "long" : null;
}

export const nameLength = 40;
export const titleLength = 100;
export const questionLength = 200;
export const reasonLength = 200;
export const reasonBytes = 1000;
export const messageLength = 300;
export const noteLength = 100;
