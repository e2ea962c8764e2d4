import { decodeBase64url, encodeBase64url } from "./base64url";
import { KeyError } from "./errors";
import { didOfPublicKey, type Signer } from "./identity";
import { sealRecovery, type Recovery } from "./recovery";
import { publicKeyOfSeed } from "./seed";
import type { Did } from "./types";

/** The member's key: it signs, and says whether a recovery file can still be made of it. */
export interface MemberKey extends Signer {
  readonly did: Did;
  /** True until {@link Keystore.lock}: as long as that, people are reminded to save the recovery file. */
  readonly extractable: boolean;
  /** The recovery file as it was saved or opened, to be saved again; null in browsers that have not kept it. */
  readonly file: Uint8Array<ArrayBuffer> | null;
}

/** What IndexedDB holds. A CryptoKey is stored as it is; the browser keeps its secret. */
interface StoredKey {
  did: Did;
  privateKey: CryptoKey;
  /** The sealed recovery file. Without the passphrase it is worth nothing. */
  file?: Uint8Array<ArrayBuffer>;
}

const store = "keys";
const member = "member";

/**
 * Keeps the member's Ed25519 key in this browser: a Web Crypto key in IndexedDB. It is generated extractable, so that it
 * can be sealed into a recovery file; once that is saved it is replaced by one that no script can read. All methods
 * reject with a {@link KeyError}.
 */
export class Keystore {
  readonly #name: string;

  /** One database holds one member's key. */
  constructor(name = "stoa") {
    this.#name = name;
  }

  /** The key in this browser; null when there is none. */
  async load(): Promise<MemberKey | null> {
    const stored = await this.#read();
    return stored && memberKey(stored);
  }

  /** The key in this browser or, when there is none, a new one. It is stored before it is returned. */
  async create(): Promise<MemberKey> {
    const there = await this.#read();
    if (there) return memberKey(there);
    const { publicKey, privateKey } = await generate();
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
    const fresh: StoredKey = { did: didOfPublicKey(raw), privateKey };
    // Another tab may have been faster: the first key stays.
    const kept = await this.#transact<StoredKey>("readwrite", (keys, done) => {
      const asked = keys.get(member);
      asked.onsuccess = () => {
        const first = asked.result as StoredKey | undefined;
        if (!first) keys.put(fresh, member);
        done(first ?? fresh);
      };
    });
    return memberKey(kept);
  }

  /** Stores the key of an opened recovery file, sealed, in place of any other; and the file, to be saved again. */
  async adopt(recovery: Recovery, file?: Uint8Array<ArrayBuffer>): Promise<MemberKey> {
    const privateKey = await importSeed(recovery.seed, await publicKeyOfSeed(recovery.seed));
    return memberKey(await this.#write({ did: recovery.did, privateKey, ...(file && { file }) }));
  }

  /**
   * The bytes of a recovery file for the stored key. The stored key stays as it is until {@link lock}, because whether
   * the file really was saved is only known after it was offered.
   */
  async seal(passphrase: string, about: { community: Did; node: string }): Promise<Uint8Array<ArrayBuffer>> {
    const { did, seed } = await this.#extract();
    return sealRecovery({ did, seed, ...about }, passphrase);
  }

  /**
   * To be called when the recovery file is saved: from now on the stored key cannot be extracted. The file is kept beside
   * it, so that it can be saved again.
   */
  async lock(file?: Uint8Array<ArrayBuffer>): Promise<MemberKey> {
    const stored = await this.#read();
    if (stored && !stored.privateKey.extractable) return memberKey(stored);
    const { did, seed, publicKey } = await this.#extract();
    return memberKey(await this.#write({ did, privateKey: await importSeed(seed, publicKey), ...(file && { file }) }));
  }

  /** Removes the key from this browser. Without a recovery file it is gone for good. */
  async forget(): Promise<void> {
    await this.#transact("readwrite", (keys, done) => {
      keys.delete(member).onsuccess = () => done(null);
    });
  }

  /** Asks the browser not to evict the key when space runs short. Says whether it promised; it may have before. */
  async persist(): Promise<boolean> {
    const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
    return storage === undefined ? false : storage.persist().catch(() => false);
  }

  /** Whether the browser has promised to keep the key. */
  async persisted(): Promise<boolean> {
    const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
    return storage === undefined ? false : storage.persisted().catch(() => false);
  }

  async #extract(): Promise<{ did: Did; seed: Uint8Array<ArrayBuffer>; publicKey: Uint8Array<ArrayBuffer> }> {
    const stored = await this.#read();
    if (!stored?.privateKey.extractable) throw new KeyError("sealed");
    const { d, x } = await crypto.subtle.exportKey("jwk", stored.privateKey);
    const [seed, publicKey] = [decodeBase64url(d ?? ""), decodeBase64url(x ?? "")];
    if (seed?.length !== 32 || publicKey?.length !== 32) throw new KeyError("unsupported");
    return { did: stored.did, seed, publicKey };
  }

  async #read(): Promise<StoredKey | null> {
    requireWebCrypto();
    return this.#transact<StoredKey | null>("readonly", (keys, done) => {
      const asked = keys.get(member);
      asked.onsuccess = () => done((asked.result as StoredKey | undefined) ?? null);
    });
  }

  async #write(key: StoredKey): Promise<StoredKey> {
    return this.#transact<StoredKey>("readwrite", (keys, done) => {
      keys.put(key, member).onsuccess = () => done(key);
    });
  }

  /** Runs one transaction. What `work` hands to `done` is returned once the transaction is complete. */
  async #transact<T>(
    mode: IDBTransactionMode,
    work: (keys: IDBObjectStore, done: (value: T) => void) => void,
  ): Promise<T> {
    try {
      const database = await this.#open();
      try {
        return await new Promise<T>((resolve, reject) => {
          const transaction = database.transaction(store, mode, { durability: "strict" });
          let outcome: { value: T } | null = null;
          const fail = () => reject(transaction.error ?? new Error("the transaction did nothing"));
          transaction.oncomplete = () => (outcome ? resolve(outcome.value) : fail());
          transaction.onabort = fail;
          work(transaction.objectStore(store), (value) => (outcome = { value }));
        });
      } finally {
        database.close();
      }
    } catch (cause) {
      throw new KeyError("storage", cause);
    }
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(this.#name, 1);
      opening.onupgradeneeded = () => void opening.result.createObjectStore(store);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error("no database"));
    });
  }
}

function memberKey({ did, privateKey, file }: StoredKey): MemberKey {
  return {
    did,
    file: file ?? null,
    extractable: privateKey.extractable,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, new Uint8Array(message))),
  };
}

async function generate(): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]));
  } catch (cause) {
    throw new KeyError("unsupported", cause);
  }
}

/** A private key that signs and cannot be read. */
async function importSeed(seed: Uint8Array, publicKey: Uint8Array): Promise<CryptoKey> {
  const jwk = { kty: "OKP", crv: "Ed25519", d: encodeBase64url(seed), x: encodeBase64url(publicKey) };
  try {
    return await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  } catch (cause) {
    throw new KeyError("unsupported", cause);
  }
}

/** Browsers have Web Crypto on HTTPS and on localhost only. */
function requireWebCrypto(): void {
  if ((globalThis.crypto as Partial<Crypto> | undefined)?.subtle === undefined) throw new KeyError("insecure");
}
