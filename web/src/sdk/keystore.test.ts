import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KeyError } from "./errors";
import { publicKeyOfDid, type Signer } from "./identity";
import { Keystore } from "./keystore";
import { openRecovery } from "./recovery";
import { parse, sign } from "./statement";

vi.setConfig({ testTimeout: 60_000 }); // each sealing and opening is meant to be slow

let keystore: Keystore;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  keystore = new Keystore();
});

afterEach(() => vi.unstubAllGlobals());

const passphrase = "lamplight on stone";
const about = { community: "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw", node: "https://cafe.example" };

async function why(doing: Promise<unknown>): Promise<string> {
  const error = await doing.then(() => null, (reason: unknown) => reason);
  return error instanceof KeyError ? error.why : `no KeyError: ${String(error)}`;
}

/** Whether somebody's signatures are those of the key they are named by. */
async function verifies(signer: Signer | null, did = signer?.did ?? ""): Promise<boolean> {
  if (signer === null) return false;
  const message = new TextEncoder().encode("hello");
  const key = await crypto.subtle.importKey("raw", publicKeyOfDid(did) ?? new Uint8Array(), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, new Uint8Array(await signer.sign(message)), message);
}

/** What the database holds, read beside the keystore. */
function storedKey(): Promise<CryptoKey> {
  return new Promise((resolve) => {
    const opening = indexedDB.open("stoa");
    opening.onsuccess = () => {
      const asked = opening.result.transaction("keys").objectStore("keys").get("member");
      asked.onsuccess = () => resolve((asked.result as { privateKey: CryptoKey }).privateKey);
    };
  });
}

describe("the key", () => {
  test("is not there until it is made", async () => {
    expect(await keystore.load()).toBeNull();
  });

  test("is made once, kept, and signs as its name", async () => {
    const made = await keystore.create();
    expect(made.extractable).toBe(true);
    expect(await verifies(made)).toBe(true);
    for (const again of [await new Keystore().load(), await keystore.create()]) {
      expect(await verifies(again, made.did)).toBe(true);
    }
  });

  test("is one, also when two tabs make it at once", async () => {
    const [a, b] = await Promise.all([new Keystore().create(), new Keystore().create()]);
    expect(a.did).toBe(b.did);
    expect((await keystore.load())?.did).toBe(a.did);
    expect(await verifies(b)).toBe(true);
  });

  test("signs statements", async () => {
    const key = await keystore.create();
    const text = await sign({ kind: "profile", claims: { aud: key.did, iat: 1_790_000_000, name: "Ana" } }, key);
    expect((await parse(text, "profile")).signer).toBe(key.did);
  });

  test("can be forgotten", async () => {
    const before = await keystore.create();
    await keystore.forget();
    expect(await keystore.load()).toBeNull();
    expect((await keystore.create()).did).not.toBe(before.did);
  });
});

describe("recovery", () => {
  test("the file holds the key that signs here", async () => {
    const { did } = await keystore.create();
    const opened = await openRecovery(await keystore.seal(passphrase, about), passphrase);
    expect(opened).toMatchObject({ did, ...about });
  });

  test("offering the file changes nothing; once it is saved nobody can read the key any more", async () => {
    const { did } = await keystore.create();
    await keystore.seal(passphrase, about);
    expect((await keystore.load())?.extractable).toBe(true);

    const locked = await keystore.lock();
    expect([locked.did, locked.extractable]).toEqual([did, false]);
    expect(await verifies(locked)).toBe(true);
    const stored = await storedKey();
    await expect(crypto.subtle.exportKey("jwk", stored)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("pkcs8", stored)).rejects.toThrow();
    expect(await why(keystore.seal(passphrase, about))).toBe("sealed");
    expect((await keystore.lock()).did).toBe(did);
  });

  test("another browser adopts it: the same member, and locked from the start", async () => {
    const { did } = await keystore.create();
    const file = await keystore.seal(passphrase, about);

    vi.stubGlobal("indexedDB", new IDBFactory());
    const elsewhere = new Keystore();
    await elsewhere.create();
    const adopted = await elsewhere.adopt(await openRecovery(file, passphrase));
    expect([adopted.did, adopted.extractable]).toEqual([did, false]);
    expect(await verifies(await elsewhere.load(), did)).toBe(true);
  });

  test("the file can be saved again, where it was saved and where it was opened", async () => {
    const { did } = await keystore.create();
    const file = await keystore.seal(passphrase, about);
    expect((await keystore.load())?.file).toBeNull();
    await keystore.lock(file);
    expect((await keystore.load())?.file).toEqual(file);

    vi.stubGlobal("indexedDB", new IDBFactory());
    const elsewhere = new Keystore();
    const recovery = await openRecovery(file, passphrase);
    await elsewhere.adopt(recovery, file);
    const again = (await elsewhere.load())?.file;
    expect((await openRecovery(again ?? "", passphrase)).did).toBe(did);
    await elsewhere.forget();
    expect(await elsewhere.load()).toBeNull();
  });

  test("without a key there is nothing to seal", async () => {
    expect(await why(keystore.seal(passphrase, about))).toBe("sealed");
  });

  test("a short passphrase is refused", async () => {
    await keystore.create();
    expect(await why(keystore.seal("short", about))).toBe("short");
  });
});

describe("trouble", () => {
  test("no HTTPS, so no Web Crypto", async () => {
    vi.stubGlobal("crypto", {});
    expect(await why(keystore.load())).toBe("insecure");
  });

  test("no Ed25519", async () => {
    vi.spyOn(crypto.subtle, "generateKey").mockRejectedValueOnce(new DOMException("", "NotSupportedError"));
    expect(await why(keystore.create())).toBe("unsupported");
  });

  test("no database", async () => {
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("", "SecurityError");
      },
    });
    expect(await why(keystore.load())).toBe("storage");
  });

  test("persist asks the browser, and says what it answered", async () => {
    for (const answer of [true, false]) {
      vi.stubGlobal("navigator", { storage: { persist: () => Promise.resolve(answer) } });
      expect(await keystore.persist()).toBe(answer);
    }
    vi.stubGlobal("navigator", {});
    expect(await keystore.persist()).toBe(false);
  });
});
