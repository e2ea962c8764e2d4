import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { didOfPublicKey, type Signer } from "../identity";
import { bodies } from "./bodies";
import { checkAudience, commitmentOf, newText, parse, sign, type Body, type Kind } from ".";

/** The key of a name, as in the Go tests: its seed is the SHA-256 of "stoa test key " and the name. */
async function signerNamed(name: string): Promise<Signer> {
  const seed = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`stoa test key ${name}`));
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed)]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return {
    did: didOfPublicKey(Buffer.from(x ?? "", "base64url")),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, new Uint8Array(message))),
  };
}

let root: Signer;
let ana: Signer;
let cast: Signer[];

beforeAll(async () => {
  cast = await Promise.all(["root", "node", "ana", "léo", "one-time", "home"].map(signerNamed));
  [root, , ana] = cast as [Signer, Signer, Signer];
});

const iat = 1_800_000_000;

function profile(name: string): Body<"profile"> {
  return { kind: "profile", claims: { aud: root.did, iat, name } };
}

describe("sign", () => {
  interface Vector {
    name: string;
    kind: Kind;
    signer: string;
    text: string;
    body: unknown;
  }
  const file = resolve(import.meta.dirname, "../../../../statement/testdata/vectors/valid.json");
  const examples = (JSON.parse(readFileSync(file, "utf8")) as Vector[]).filter(({ name, kind }) => name === kind);

  test.each(examples)("writes a $kind as the node does", async ({ kind, signer, text, body }) => {
    const key = cast.find(({ did }) => did === signer);
    if (!key) throw new Error(`nobody is ${signer}`);
    expect(await sign({ kind, claims: body } as Body, key)).toBe(text);
  });

  it("has an example of every kind", () => {
    expect(examples).toHaveLength(Object.keys(bodies).length);
  });

  test.each<[string, string, () => Body]>([
    ["an empty name", "statement-payload", () => profile("")],
    ["a name of 402 bytes", "statement-payload", () => profile("é".repeat(201))],
    ["a name with half a character", "statement-payload", () => profile("\ud83c")],
    ["a name with a noncharacter", "statement-payload", () => profile("\uffff")],
    ["a fraction", "statement-payload", () => ({ kind: "profile", claims: { aud: root.did, iat: iat + 0.5, name: "x" } })],
    ["no number", "statement-payload", () => ({ kind: "profile", claims: { aud: root.did, iat: NaN, name: "x" } })],
    ["milliseconds", "statement-payload", () => ({ kind: "profile", claims: { aud: root.did, iat: iat * 1000, name: "x" } })],
    ["no key", "statement-key", () => ({ kind: "profile", claims: { aud: "did:key:z", iat, name: "x" } })],
    ["an empty redeem", "statement-payload", () => ({ kind: "join", claims: { aud: root.did, iat, redeem: "" } })],
    ["too much", "statement-size", () => ({ kind: "join", claims: { aud: root.did, iat, redeem: "x".repeat(4096) } })],
    ["too much, many-byte", "statement-size", () => profile("é".repeat(4096))],
    [
      "an exp that is not after iat",
      "statement-payload",
      () => ({ kind: "session", claims: { aud: root.did, iat, exp: iat, origin: "https://a", nonce: "0123456789abcdef" } }),
    ],
    [
      "a claim more",
      "statement-payload",
      () => ({ kind: "profile", claims: { aud: root.did, iat, name: "x", note: "y" } }) as Body,
    ],
    ["a claim less", "statement-payload", () => ({ kind: "profile", claims: { aud: root.did, iat } }) as Body],
  ])("refuses %s", async (_, reason, body) => {
    await expect(sign(body(), root)).rejects.toMatchObject({ name: "RefusedError", reason });
  });

  it("distrusts its signer", async () => {
    const impostor: Signer = { did: root.did, sign: (message) => ana.sign(message) };
    await expect(sign(profile("x"), impostor)).rejects.toMatchObject({ reason: "statement-signature" });
    const nobody: Signer = { did: "did:key:z", sign: (message) => ana.sign(message) };
    await expect(sign(profile("x"), nobody)).rejects.toMatchObject({ reason: "statement-key" });
    const away: Signer = { did: root.did, sign: () => Promise.reject(new Error("away")) };
    await expect(sign(profile("x"), away)).rejects.toThrow("away");
  });
});

describe("parse", () => {
  it("reads what was signed", async () => {
    const text = await sign(profile("Léo 🏛️"), ana);
    const statement = await parse(text, "profile");
    expect(statement.claims.name).toBe("Léo 🏛️");
    expect(statement.signer).toBe(ana.did);
    expect(statement.id).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it("refuses another kind than the one asked for", async () => {
    const text = await sign(profile("x"), ana);
    await expect(parse(text, "join")).rejects.toMatchObject({ reason: "statement-kind" });
  });

  it("tells for whom a statement is", async () => {
    const statement = await parse(await sign(profile("x"), ana));
    checkAudience(statement, root.did);
    expect(() => {
      checkAudience(statement, ana.did);
    }).toThrow("statement-audience");
  });
});

describe("texts", () => {
  it("are salted", async () => {
    const [a, b] = [newText("Stoa"), newText("Stoa")];
    expect(a.salt).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await commitmentOf(a)).not.toBe(await commitmentOf(b));
    expect(await commitmentOf({ ...a })).toBe(await commitmentOf(a));
  });

  test.each(["", "AAAA", "A".repeat(21) + "B", "A".repeat(22) + "=="])("refuse the salt %j", async (salt) => {
    await expect(commitmentOf({ salt, text: "Stoa" })).rejects.toThrow(RangeError);
  });
});
