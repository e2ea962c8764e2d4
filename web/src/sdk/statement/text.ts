import { decodeBase64url, encodeBase64url } from "../base64url";

/** A text that a statement commits to, with its salt: 16 bytes in base64url. It travels beside the statement. */
export interface Text {
  salt: string;
  text: string;
}

const saltSize = 16;

/** Salts a text. */
export function newText(text: string): Text {
  return { salt: encodeBase64url(crypto.getRandomValues(new Uint8Array(saltSize))), text };
}

/** What a statement holds in place of the text: SHA-256(salt ‖ text). Rejects with a RangeError for a malformed salt. */
export async function commitmentOf({ salt, text }: Text): Promise<string> {
  const salted = decodeBase64url(salt);
  if (salted?.length !== saltSize) throw new RangeError("a salt is 22 characters of base64url");
  const bytes = new Uint8Array([...salted, ...new TextEncoder().encode(text)]);
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
