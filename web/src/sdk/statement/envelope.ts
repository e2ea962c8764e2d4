import { compactVerify, errors } from "jose";
import { decodeBase64url, encodeBase64url } from "../base64url";
import { isPublicKey, publicKeyOfDid } from "../identity";
import { isKind, type Kind } from "./bodies";
import { parseObject } from "./ijson";
import { MalformedError, RefusedError } from "./refusal";
import { Faults, object, string } from "./shape";

/** The largest statement, in bytes of its text. */
const maxSize = 4096;

const compact = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}$/;
const typ = /^stoa-([a-z][a-z0-9-]{0,31})\+jwt$/;

/** The whole protected header: these three members and no others. */
const header = object({ alg: string, typ: string, kid: string });

/** A compact serialization taken apart. Its signature has not been verified. */
export interface Envelope {
  readonly kind: Kind;
  readonly signer: string;
  readonly signerKey: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  /** What is signed, and hashed to the id: header.payload. */
  readonly input: Uint8Array<ArrayBuffer>;
}

/** Checks everything about a text but its payload and signature. */
export function open(text: string, want: Kind | null): Envelope {
  if (text.length > maxSize || new TextEncoder().encode(text).length > maxSize) {
    throw new RefusedError("statement-size", `${text.length} characters`);
  }
  if (!compact.test(text)) throw new RefusedError("statement-syntax", "not three parts of base64url");
  const [protectedHeader, payload, signature] = text.split(".").map(decodeBase64url);
  if (!protectedHeader || !payload || !signature) {
    throw new RefusedError("statement-syntax", "a part is not canonical base64url");
  }
  const input = new TextEncoder().encode(text.slice(0, text.lastIndexOf(".")));
  return { ...readHeader(protectedHeader, want), payload, signature, input };
}

function readHeader(raw: Uint8Array, want: Kind | null): Pick<Envelope, "kind" | "signer" | "signerKey"> {
  const said = refusedAs("statement-header", () => header(parseObject(raw), new Faults()));
  const kind = typ.exec(said.typ)?.[1];
  if (said.alg !== "EdDSA" || kind === undefined) throw new RefusedError("statement-header", "another alg or typ");
  if (!isKind(kind) || (want !== null && kind !== want)) throw new RefusedError("statement-kind", kind);
  const signerKey = publicKeyOfDid(said.kid);
  if (!signerKey) throw new RefusedError("statement-key", "kid is not an acceptable key");
  return { kind, signer: said.kid, signerKey };
}

/** Makes a refusal of what is malformed. */
export function refusedAs<T>(reason: "statement-header" | "statement-payload", read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) throw new RefusedError(reason, error.message);
    throw error;
  }
}

/**
 * Verifies the signature of a text that {@link open} has accepted (RFC 8032 with S < L). R is held to the same rule as a
 * key, which Web Crypto demands and not every browser does. Rejects with what Web Crypto throws where it has no Ed25519.
 */
export async function verify(text: string, envelope: Envelope): Promise<void> {
  const key = await crypto.subtle.importKey("raw", envelope.signerKey, "Ed25519", false, ["verify"]);
  if (envelope.signature.length !== 64 || !isPublicKey(envelope.signature.subarray(0, 32))) {
    throw new RefusedError("statement-signature", "not a signature");
  }
  try {
    await compactVerify(text, key, { algorithms: ["EdDSA"] });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new RefusedError("statement-signature", error.message);
    throw error;
  }
}

/** The text before its signature. */
export function signingInput(kind: Kind, did: string, payload: string): string {
  const said = JSON.stringify({ alg: "EdDSA", typ: `stoa-${kind}+jwt`, kid: did });
  return [said, payload].map((part) => encodeBase64url(new TextEncoder().encode(part))).join(".");
}
