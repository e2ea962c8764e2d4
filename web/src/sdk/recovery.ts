/**
 * The recovery file: a member's key, sealed with a passphrase. It is JSON in UTF-8, small enough to read in an editor:
 *
 *     {
 *       "format": "stoa-recovery",
 *       "version": 1,
 *       "did": "did:key:z6Mk…",                the member
 *       "community": "did:key:z6Mk…",          the community's root key
 *       "node": "https://cafe.example",        where the community's node was found
 *       "kdf": { "name": "PBKDF2-SHA-256", "iterations": 600000, "salt": base64url of 16 bytes },
 *       "cipher": { "name": "AES-256-GCM", "iv": base64url of 12 bytes },
 *       "sealed": base64url of 48 bytes        32 bytes of ciphertext, 16 of tag
 *     }
 *
 * The AES key is PBKDF2-HMAC-SHA-256 (RFC 8018) of the passphrase in Unicode form NFKC and UTF-8. Sealed is the 32-byte
 * Ed25519 seed (RFC 8032, section 5.1.5). The additional data is the UTF-8 of `stoa-recovery 1`, did, community and
 * node, joined by one line feed, so that nothing in the file can be exchanged. testdata/recovery.json has vectors.
 */
import { decodeBase64url, encodeBase64url } from "./base64url";
import { KeyError } from "./errors";
import { didOfSeed } from "./seed";
import type { Did } from "./types";

/** The file as JSON. */
export interface RecoveryFile {
  format: "stoa-recovery";
  version: 1;
  did: Did;
  community: Did;
  node: string;
  kdf: { name: "PBKDF2-SHA-256"; iterations: number; salt: string };
  cipher: { name: "AES-256-GCM"; iv: string };
  sealed: string;
}

/** What a recovery file holds, opened. */
export interface Recovery {
  did: Did;
  community: Did;
  /** The node's address. */
  node: string;
  /** The member's key. Handle with care. */
  seed: Uint8Array<ArrayBuffer>;
}

/** OWASP's number for PBKDF2-HMAC-SHA-256 (2023). About half a second on a phone. */
export const recoveryIterations = 600_000;

/** The fewest characters of a passphrase. */
export const shortestPassphrase = 10;

const mostIterations = 10_000_000; // a file must not keep a browser busy for minutes
const largestFile = 16_384;

/** Randomness and cost of one sealing. Given only by tests, which need known files. */
export interface SealParameters {
  iterations: number;
  salt: Uint8Array<ArrayBuffer>;
  iv: Uint8Array<ArrayBuffer>;
}

function freshParameters(): SealParameters {
  return {
    iterations: recoveryIterations,
    salt: crypto.getRandomValues(new Uint8Array(16)),
    iv: crypto.getRandomValues(new Uint8Array(12)),
  };
}

/** Makes a recovery file's bytes. Rejects with a {@link KeyError} on a passphrase that is too short. */
export async function sealRecovery(
  recovery: Recovery,
  passphrase: string,
  parameters = freshParameters(),
): Promise<Uint8Array<ArrayBuffer>> {
  if (passphrase.length < shortestPassphrase) throw new KeyError("short");
  const { did, community, node, seed } = recovery;
  const { iterations, salt, iv } = parameters;
  const key = await aesKey(passphrase, salt, iterations, "encrypt");
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(recovery) }, key, seed);
  const file: RecoveryFile = {
    format: "stoa-recovery",
    version: 1,
    did,
    community,
    node,
    kdf: { name: "PBKDF2-SHA-256", iterations, salt: encodeBase64url(salt) },
    cipher: { name: "AES-256-GCM", iv: encodeBase64url(iv) },
    sealed: encodeBase64url(new Uint8Array(sealed)),
  };
  return new TextEncoder().encode(JSON.stringify(file, null, 2) + "\n");
}

/** Opens a recovery file. Rejects with a {@link KeyError}: `file` or `passphrase`. */
export async function openRecovery(file: Uint8Array | string, passphrase: string): Promise<Recovery> {
  const { header, iterations, salt, iv, sealed } = readFile(file);
  const key = await aesKey(passphrase, salt, iterations, "decrypt");
  const seed = await crypto.subtle
    .decrypt({ name: "AES-GCM", iv, additionalData: bound(header) }, key, sealed)
    .catch((cause: unknown) => {
      throw new KeyError("passphrase", cause);
    });
  const recovery = { ...header, seed: new Uint8Array(seed) };
  if ((await didOfSeed(recovery.seed)) !== header.did) throw new KeyError("file");
  return recovery;
}

/** A name under which to save the file of a key: stoa-recovery-{its last eight characters}.json. */
export function recoveryFileName(did: Did): string {
  return `stoa-recovery-${did.slice(-8)}.json`;
}

function bound(header: Omit<Recovery, "seed">): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(["stoa-recovery 1", header.did, header.community, header.node].join("\n"));
}

async function aesKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const password = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveKey"]);
  const kdf = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(kdf, base, { name: "AES-GCM", length: 256 }, false, [use]);
}

interface Sealed {
  header: Omit<Recovery, "seed">;
  iterations: number;
  salt: Uint8Array<ArrayBuffer>;
  iv: Uint8Array<ArrayBuffer>;
  sealed: Uint8Array<ArrayBuffer>;
}

function readFile(file: Uint8Array | string): Sealed {
  if (file.length > largestFile) throw new KeyError("file");
  let parsed: unknown;
  try {
    parsed = JSON.parse(typeof file === "string" ? file : new TextDecoder("utf-8", { fatal: true }).decode(file));
  } catch (cause) {
    throw new KeyError("file", cause);
  }
  const top = members(parsed);
  const kdf = members(top["kdf"]);
  const cipher = members(top["cipher"]);
  const iterations = kdf["iterations"];
  const known =
    top["format"] === "stoa-recovery" &&
    top["version"] === 1 &&
    kdf["name"] === "PBKDF2-SHA-256" &&
    cipher["name"] === "AES-256-GCM" &&
    typeof iterations === "number" &&
    Number.isInteger(iterations) &&
    iterations >= recoveryIterations &&
    iterations <= mostIterations;
  if (!known) throw new KeyError("file");
  return {
    header: { did: did(top["did"]), community: did(top["community"]), node: address(top["node"]) },
    iterations,
    salt: bytes(kdf["salt"], 16),
    iv: bytes(cipher["iv"], 12),
    sealed: bytes(top["sealed"], 48),
  };
}

function members(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new KeyError("file");
  return value as Record<string, unknown>;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new KeyError("file");
  return value;
}

function did(value: unknown): Did {
  const text = string(value);
  if (!/^did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}$/.test(text)) throw new KeyError("file");
  return text;
}

function address(value: unknown): string {
  const text = string(value);
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text)) throw new KeyError("file");
  return text;
}

function bytes(value: unknown, length: number): Uint8Array<ArrayBuffer> {
  const decoded = decodeBase64url(string(value));
  if (decoded?.length !== length) throw new KeyError("file");
  return decoded;
}
