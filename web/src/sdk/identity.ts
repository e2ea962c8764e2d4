/**
 * Ed25519 keys and their names. Everybody in Stoa is a key, written as a did:key: "did:key:z" and the base58btc of the
 * two multicodec bytes 0xed 0x01 and the 32 key bytes. One key has one name: what is not canonical is no key.
 */
import { Point } from "@noble/ed25519";

/** Signs as one key. The private half may live elsewhere. */
export interface Signer {
  /** The did:key of the public half. */
  readonly did: string;
  /** The 64 bytes of an Ed25519 signature (RFC 8032). */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const didPrefix = "did:key:z";
const multicodec = [0xed, 0x01];
const keySize = 32;

/** The did:key of a public key; throws a RangeError for bytes that are no {@link isPublicKey | acceptable key}. */
export function didOfPublicKey(key: Uint8Array): string {
  if (!isPublicKey(key)) throw new RangeError("not an acceptable Ed25519 key");
  return didPrefix + encodeBase58([...multicodec, ...key]);
}

/** The public key of a did:key; null for any text that {@link didOfPublicKey} would not write. */
export function publicKeyOfDid(did: string): Uint8Array<ArrayBuffer> | null {
  // The did:key of an Ed25519 key has 56 letters; anything much longer is not worth decoding.
  if (!did.startsWith(didPrefix) || did.length > 64) return null;
  const bytes = decodeBase58(did.slice(didPrefix.length));
  if (bytes?.length !== multicodec.length + keySize || multicodec.some((byte, i) => bytes[i] !== byte)) return null;
  const key = bytes.slice(multicodec.length);
  return isPublicKey(key) ? key : null;
}

/**
 * Whether 32 bytes are the canonical encoding of a point that is not of small order. Under a small-order key one
 * signature verifies for many messages; under two encodings one person has two names.
 */
export function isPublicKey(key: Uint8Array): boolean {
  try {
    return !Point.fromBytes(key).isSmallOrder();
  } catch {
    return false; // not 32 bytes, y >= p, not on the curve, or a minus zero
  }
}

/** The libp2p peer id of a did:key: the identity multihash of the key in libp2p's envelope, in base58btc. Null for no key. */
export function peerIdOf(did: string): string | null {
  const key = publicKeyOfDid(did);
  // The multihash begins with a zero byte, which base58 writes as a one of its own.
  return key && `1${encodeBase58([0x24, 0x08, 0x01, 0x12, 0x20, ...key])}`;
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function encodeBase58(bytes: number[]): string {
  let n = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = "";
  for (; n > 0n; n /= 58n) text = base58.charAt(Number(n % 58n)) + text;
  return text; // no leading ones: the first byte is never zero
}

/** The bytes of a text without leading ones. */
function decodeBase58(text: string): Uint8Array<ArrayBuffer> | null {
  let n = 0n;
  for (const letter of text) {
    const digit = base58.indexOf(letter);
    if (digit < 0 || (digit === 0 && n === 0n)) return null;
    n = n * 58n + BigInt(digit);
  }
  const bytes: number[] = [];
  for (; n > 0n; n /= 256n) bytes.unshift(Number(n % 256n));
  return Uint8Array.from(bytes);
}
