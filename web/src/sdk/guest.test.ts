import { expect, test } from "vitest";
import { Client } from "./client";
import { aCommunity, aRoom, aSnapshot } from "./sdktest";
import { didOfSeed, signerOfSeed } from "./seed";
import { parse } from "./statement";

const origin = "https://cafe.example";
const nodeKey = await didOfSeed(new Uint8Array(32).fill(1));
const ana = await signerOfSeed(new Uint8Array(32).fill(3));

/** A node behind fetch that knows one public room, and what it was asked: "GET /path", with the body. */
function aNode(): { fetch: (request: Request) => Promise<Response>; asked: [string, string][] } {
  const asked: [string, string][] = [];
  let tokens = 0;
  const answers: Readonly<Record<string, () => unknown>> = {
    "GET /node": () => ({ node: nodeKey, peer: "", version: "1", now: Date.now(), slots: 3, community: { ...aCommunity, id: nodeKey } }),
    "POST /sessions/challenge": () => ({ nonce: "n".repeat(22), node: nodeKey, now: Date.now(), expires: 0 }),
    "POST /sessions": () => ({ token: "a member's", expires: 0 }),
    [`GET /rooms/${aRoom}/door`]: () => aSnapshot().room,
    [`POST /rooms/${aRoom}/guests`]: () => ({ token: `token-${++tokens}`, expires: 0, room: aSnapshot().room }),
    [`GET /rooms/${aRoom}/chosen`]: () => ({ people: [{ key: ana.did, name: "Ana" }] }),
    "POST /rooms": () => aSnapshot().room,
  };
  const fetch = async (request: Request): Promise<Response> => {
    const what = `${request.method} ${new URL(request.url).pathname.replace("/api/v1", "")}`;
    asked.push([what, await request.text()]);
    return Response.json(answers[what]?.());
  };
  return { fetch, asked };
}

test("a guest sees the door without a session, and listens under a key made for it", async () => {
  const { fetch, asked } = aNode();
  const guest = new Client(origin, { fetch, guest: aRoom });
  expect((await guest.rooms.door(aRoom)).title).toBe("Bread");
  expect(guest.signer).toBeNull();
  expect(await guest.token()).toBe("token-1");
  const key = guest.signer?.did;
  const [what, body] = asked.at(-1) ?? ["", ""];
  expect(what).toBe(`POST /rooms/${aRoom}/guests`);
  const session = await parse((JSON.parse(body) as { session: string }).session, "session");
  expect([session.signer, session.claims.aud, session.claims.origin]).toEqual([key, nodeKey, origin]);

  guest.dropToken("token-1"); // the node was restarted
  expect(await guest.token()).toBe("token-2");
  expect(guest.signer?.did).toBe(key);

  const another = new Client(origin, { fetch, guest: aRoom });
  await another.token();
  expect(another.signer?.did).not.toBe(key);
});

test("a room is opened for whom one says, with those one chose", async () => {
  const { fetch, asked } = aNode();
  const client = new Client(origin, { fetch });
  client.signer = ana;
  const wish = { title: "Bread", topics: [], language: "en" };
  const sent = async () => {
    const body = JSON.parse(asked.at(-1)?.[1] ?? "{}") as { create: string; chosen?: string[] };
    return [(await parse(body.create, "create")).claims.entry, body.chosen];
  };
  await client.rooms.create(wish);
  expect(await sent()).toEqual(["members", undefined]);
  await client.rooms.create({ ...wish, entry: "public", chosen: [nodeKey] });
  expect(await sent()).toEqual(["public", undefined]);
  await client.rooms.create({ ...wish, entry: "chosen", chosen: [nodeKey] });
  expect(await sent()).toEqual(["chosen", [nodeKey]]);
  expect(await client.rooms.chosen(aRoom)).toEqual([{ key: ana.did, name: "Ana" }]);
});
