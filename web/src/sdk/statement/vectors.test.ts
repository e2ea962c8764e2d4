import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { didOfPublicKey, publicKeyOfDid } from "../identity";
import { bodies } from "./bodies";
import { checkAudience, commitmentOf, parse, RefusedError, type Kind, type StatementReason } from ".";

/** The examples that the Go tests write and read; or those of a file with an absolute name. */
function vectors<T>(name: string): T[] {
  const file = resolve(import.meta.dirname, "../../../../statement/testdata/vectors", name);
  return JSON.parse(readFileSync(file, "utf8")) as T[];
}

interface Valid {
  name: string;
  text: string;
  kind: Kind;
  id: string;
  signer: string;
  audience: string;
  body: unknown;
}

interface Invalid {
  name: string;
  text: string;
  kind?: Kind;
  audience?: string;
  reason: StatementReason;
}

interface Mutation {
  name: string;
  text: string;
  id?: string;
  reason?: StatementReason;
}

/** The reason of a refusal, or the id. */
async function verdict(read: () => Promise<{ id: string }>): Promise<string> {
  try {
    return (await read()).id;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}

describe("valid statements", () => {
  const rows = vectors<Valid>("valid.json");

  test.each(rows)("$name", async ({ text, kind, id, signer, audience, body }) => {
    const statement = await parse(text);
    expect(statement).toEqual({ text, kind, id, signer, claims: body });
    expect(() => {
      checkAudience(statement, audience);
    }).not.toThrow();
  });

  it("are of every kind", () => {
    expect(new Set(rows.map((row) => row.kind)).size).toBe(Object.keys(bodies).length);
  });
});

describe("invalid statements", () => {
  const rows = vectors<Invalid>("invalid.json");

  test.each(rows)("$name", async ({ text, kind, audience, reason }) => {
    const got = await verdict(async () => {
      const statement = await (kind ? parse(text, kind) : parse(text));
      if (audience !== undefined) checkAudience(statement, audience);
      return statement;
    });
    expect(got).toBe(reason);
  });

  it("are many", () => {
    expect(rows.length).toBeGreaterThan(1000);
  });
});

describe("statements changed at random", () => {
  // STOA_MUTATIONS names another file of them, for a longer comparison with the node.
  const rows = vectors<Mutation>(process.env["STOA_MUTATIONS"] ?? "mutations.json");

  it("get the verdict of the node", async () => {
    const differing = [];
    for (const { name, text, id, reason } of rows) {
      const got = await verdict(() => parse(text));
      if (got !== (reason ?? id)) differing.push({ name, got, want: reason ?? id });
    }
    expect(differing).toEqual([]);
    expect(rows.length).toBeGreaterThan(300);
  });
});

test.each(vectors<{ name: string; did: string; hex?: string }>("keys.json"))("key $name", ({ did, hex }) => {
  const key = publicKeyOfDid(did);
  expect(key && Buffer.from(key).toString("hex")).toBe(hex ?? null);
  if (key) expect(didOfPublicKey(key)).toBe(did);
});

test.each(vectors<{ salt: string; text: string; commitment: string }>("texts.json"))(
  "commitment to $text",
  async ({ commitment, ...text }) => {
    expect(await commitmentOf(text)).toBe(commitment);
  },
);
