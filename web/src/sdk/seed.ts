import { getPublicKeyAsync, signAsync } from "@noble/ed25519";
import { didOfPublicKey, type Signer } from "./identity";
import type { Did } from "./types";

/**
 * One-time keys of invites, as the 32-byte seeds (RFC 8032, section 5.1.5) that travel in links. They are used within
 * one call and never stored, so they need no Web Crypto key.
 */

/** A new seed. */
export function newSeed(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** The public half, 32 bytes. */
export async function publicKeyOfSeed(seed: Uint8Array): Promise<Uint8Array> {
  return getPublicKeyAsync(seed);
}

/** The name of the key. */
export async function didOfSeed(seed: Uint8Array): Promise<Did> {
  return didOfPublicKey(await publicKeyOfSeed(seed));
}

/** Signs as the key. */
export async function signerOfSeed(seed: Uint8Array): Promise<Signer> {
  return { did: await didOfSeed(seed), sign: (message) => signAsync(message, seed) };
}
