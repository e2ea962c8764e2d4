import { describe, expect, test, vi } from "vitest";
import { KeyError } from "./errors";
import { openRecovery, recoveryFileName, recoveryIterations, sealRecovery, type RecoveryFile } from "./recovery";
import vectors from "./testdata/recovery.json";

vi.setConfig({ testTimeout: 60_000 }); // each sealing and opening is meant to be slow

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

async function why(doing: Promise<unknown>): Promise<string> {
  const error = await doing.then(() => null, (reason: unknown) => reason);
  return error instanceof KeyError ? error.why : `no KeyError: ${String(error)}`;
}

describe("vectors", () => {
  test.each(vectors.valid)("valid: $comment", async ({ file, passphrase, seed }) => {
    const { did, community, node } = file;
    const opened = await openRecovery(JSON.stringify(file), passphrase);
    expect({ ...opened, seed: hex(opened.seed) }).toEqual({ did, community, node, seed });
  });

  test.each(vectors.invalid)("invalid: $comment", async ({ file, passphrase, why: expected }) => {
    expect(await why(openRecovery(JSON.stringify(file), passphrase))).toBe(expected);
  });

  test("sealing with the same randomness gives the same file", async () => {
    const [vector] = vectors.valid;
    if (!vector) throw new Error("no vector");
    const { did, community, node, kdf, cipher } = vector.file;
    const parameters = { iterations: kdf.iterations, salt: unbase64(kdf.salt), iv: unbase64(cipher.iv) };
    const recovery = { did, community, node, seed: bytes(vector.seed) };
    const sealed = await sealRecovery(recovery, vector.passphrase, parameters);
    expect(JSON.parse(new TextDecoder().decode(sealed))).toEqual(vector.file);
  });
});

const unbase64 = (text: string) => Uint8Array.from(Buffer.from(text, "base64url"));

describe("a file of one's own", () => {
  const [vector] = vectors.valid;
  const about = { did: vector?.file.did ?? "", community: vector?.file.community ?? "", node: "https://cafe.example" };
  const seed = bytes(vector?.seed ?? "");

  test("opens again, and does not show the key", async () => {
    const file = await sealRecovery({ ...about, seed }, "lamplight on stone");
    expect(hex((await openRecovery(file, "lamplight on stone")).seed)).toBe(vector?.seed);
    expect(Buffer.from(file).toString()).not.toContain(Buffer.from(seed).toString("base64url"));
  });

  test("never has the salt or iv of another, and never fewer iterations than promised", async () => {
    const read = async () =>
      JSON.parse(new TextDecoder().decode(await sealRecovery({ ...about, seed }, "lamplight on stone"))) as RecoveryFile;
    const [a, b] = [await read(), await read()];
    expect(a.kdf.salt).not.toBe(b.kdf.salt);
    expect(a.cipher.iv).not.toBe(b.cipher.iv);
    expect(a.kdf.iterations).toBe(recoveryIterations);
    expect(recoveryIterations).toBeGreaterThanOrEqual(600_000);
  });

  test("needs a passphrase worth the name", async () => {
    expect(await why(sealRecovery({ ...about, seed }, "1234567"))).toBe("short");
  });

  test("is named by the end of the key, and nothing else", () => {
    expect(recoveryFileName("did:key:z6MkABCDEFGH12345678")).toBe("stoa-recovery-12345678.json");
  });
});

test.each([
  ["nothing", ""],
  ["no JSON", "recovery"],
  ["too much", " ".repeat(20_000)],
])("%s is no recovery file", async (_, text) => {
  expect(await why(openRecovery(text, "lamplight on stone"))).toBe("file");
});

test("bytes that are no UTF-8 are no recovery file", async () => {
  expect(await why(openRecovery(Uint8Array.of(0xff, 0xfe), "lamplight on stone"))).toBe("file");
});
