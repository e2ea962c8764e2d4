import { beforeEach, describe, expect, test } from "vitest";
import { Client } from "./client";
import { loadSentences, OfflineError, ProblemError } from "./errors";
import type { Signer } from "./identity";
import { parseLink } from "./links";
import { aCommunity, aSnapshot } from "./sdktest";
import { wishOf } from "./schedules";
import { didOfSeed, signerOfSeed } from "./seed";
import { commitmentOf, parse, type Kind, type Text } from "./statement";
import type { Scheduled } from "./types";

const origin = "https://cafe.example";
const ahead = 24 * 3600 * 1000; // the node's clock
const id = "A".repeat(43);

const seedOf = (n: number) => new Uint8Array(32).fill(n);
const nodeKey = await didOfSeed(seedOf(1));
const root = await didOfSeed(seedOf(2));
const ana = await signerOfSeed(seedOf(3));
const oneTime = seedOf(4);

interface Heard {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

/** A node behind fetch: answers by rote, and keeps what it was asked. */
class FakeNode {
  readonly heard: Heard[] = [];
  sessions = 0;
  validToken = "";
  founded = true;
  down = false;
  slots = [{ grant: id, slot: 1 }];
  refusals = new Map<string, string>(); // path to code
  lost = new Set<string>(); // paths whose answers do not arrive
  private readonly community = { ...aCommunity, id: root };

  fetch = async (request: Request): Promise<Response> => {
    if (this.down) throw new TypeError("fetch failed");
    const { pathname } = new URL(request.url);
    const path = pathname.replace("/api/v1", "");
    this.heard.push({ method: request.method, path, headers: request.headers, body: await request.text() });
    const response = this.answer(request.method, path, request.headers);
    if (this.lost.delete(path)) throw new TypeError("connection reset");
    return response;
  };

  private answer(method: string, path: string, headers: Headers): Response {
    const refusal = this.refusals.get(path);
    if (refusal !== undefined) return problem(refusal);
    switch (`${method} ${path}`) {
      case "GET /node":
        return json({ node: nodeKey, peer: "", version: "1", now: Date.now() + ahead, slots: 3, ...(this.founded && { community: this.community }) });
      case "POST /found":
        return json({ key: root, name: "Founder" }, 201);
      case "POST /join":
        return json({ key: ana.did, name: "Ana" }, 201);
      case "POST /sessions/challenge":
        return json({ nonce: "n".repeat(22), node: nodeKey, now: Date.now() + ahead, expires: 0 }, 201);
      case "POST /sessions":
        this.validToken = `token-${++this.sessions}`;
        return json({ token: this.validToken, expires: 0, member: { key: ana.did, name: "Ana" } }, 201);
    }
    if (headers.get("Authorization") !== `Bearer ${this.validToken}`) return problem("session-required", 401);
    switch (`${method} ${path}`) {
      case "GET /me":
        return json({ member: { key: ana.did, name: "Ana" }, founder: false, chain: [], left: 2, joined: 0 });
      case "GET /invites":
        return json({ left: this.slots.length, slots: this.slots, invites: [] });
      case "POST /invites":
      case `POST /invites/${id}/revoke`:
        return json({ id, state: "pending", created: 0, expires: 0 }, 201);
      case "GET /rooms":
        return json({ rooms: [aSnapshot().room] });
      case "POST /rooms":
        return json(aSnapshot().room, 201);
      case `POST /rooms/${id}/media`:
        return new Response("v=0 answer", {
          status: 201,
          headers: { "Content-Type": "application/sdp", Location: `/api/v1/rooms/${id}/media/leg%201` },
        });
      default:
        return new Response(null, { status: 204 });
    }
  }

  /** The body of the last request to a path. */
  last(path: string): Record<string, string> {
    const heard = this.heard.findLast((request) => request.path === path);
    return JSON.parse(heard?.body ?? "null") as Record<string, string>;
  }

  count(path: string): number {
    return this.heard.filter((request) => request.path === path).length;
  }
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const problem = (code: string, status = 400) =>
  new Response(JSON.stringify({ type: `urn:stoa:reason:${code}`, title: "No.", status, code }), {
    status,
    headers: { "Content-Type": "application/problem+json" },
  });

let node: FakeNode;
let client: Client;

beforeEach(() => {
  node = new FakeNode();
  client = new Client(`${origin}/some/page`, { fetch: node.fetch });
  client.signer = ana;
});

async function read<K extends Kind>(kind: K, text: string | undefined, signer: Signer | string) {
  const statement = await parse(text ?? "", kind);
  expect(statement.signer).toBe(typeof signer === "string" ? signer : signer.did);
  return statement.claims;
}

/** Within a few seconds of the node's time. */
function expectNodeTime(seconds: number): void {
  expect(Math.abs(seconds - (Date.now() + ahead) / 1000)).toBeLessThan(60);
}

const codeOf = (doing: Promise<unknown>) =>
  doing.then(() => "done", (error: unknown) => (error instanceof ProblemError ? error.code : String(error)));

describe("founding", () => {
  const wish = { ownerSecret: "s".repeat(22), communityName: " Cafe\u0301 ", name: "Ana" };

  beforeEach(() => {
    node.founded = false;
  });

  test("signs delegate, rules and profile as the root, with the node's time", async () => {
    expect(await client.found(wish)).toEqual({ key: root, name: "Founder" });
    const sent = node.last("/found");
    const delegate = await read("delegate", sent["delegate"], ana);
    expect(delegate).toMatchObject({ aud: ana.did, sub: nodeKey, order: 1, exp: delegate.iat + 365 * 86_400 });
    expectNodeTime(delegate.iat);
    const rules = await read("rules", sent["rules"], ana);
    expect(rules).toMatchObject({ aud: ana.did, order: 1, entry: "invite", admit_slots: 2, period_slots: 3, period: 604_800 });
    const profile = await read("profile", sent["profile"], ana);
    expect(profile).toMatchObject({ aud: ana.did, name: "Ana" });
    const name = sent["name"] as unknown as Text;
    expect([name.text, rules.name]).toEqual(["Café", await commitmentOf(name)]);
    expect(sent["secret"]).toBe(wish.ownerSecret);
  });

  test("a stale link is refused", async () => {
    node.refusals.set("/found", "owner-link-stale").set("/sessions", "member-unknown");
    expect(await codeOf(client.found(wish))).toBe("owner-link-stale");
  });

  test("repeated after a lost answer, it succeeds", async () => {
    node.lost.add("/found");
    await expect(client.found(wish)).rejects.toBeInstanceOf(OfflineError);
    node.refusals.set("/found", "founded-already");
    expect((await client.found(wish)).key).toBe(ana.did);
  });

  test("a name that no profile may hold is refused here", async () => {
    expect(await codeOf(client.found({ ...wish, name: "" }))).toBe("text-invalid");
    expect(node.count("/found")).toBe(0);
  });
});

describe("joining", () => {
  const wish = { inviteId: id, seed: oneTime, name: "Ana" };

  test("the one-time key names the member, and the member joins", async () => {
    expect((await client.join(wish)).name).toBe("Ana");
    const join = await read("join", node.last("/join")["join"], ana);
    expect(join.aud).toBe(root);
    expectNodeTime(join.iat);
    const redeem = await read("redeem", join.redeem, await didOfSeed(oneTime));
    expect(redeem).toEqual({ aud: root, invite: id, sub: ana.did });
    expect(await read("profile", node.last("/join")["profile"], ana)).toMatchObject({ aud: root, name: "Ana" });
  });

  test("the seed is not sent", async () => {
    await client.join(wish);
    expect(node.heard.map(({ body }) => body).join()).not.toContain(Buffer.from(oneTime).toString("base64url"));
  });

  test.each(["invite-used", "member-already"])("%s is success for whoever is a member by it", async (code) => {
    node.refusals.set("/join", code);
    expect((await client.join(wish)).key).toBe(ana.did);
  });

  test("invite-used is a refusal for anybody else", async () => {
    node.refusals.set("/join", "invite-used").set("/sessions", "member-unknown");
    expect(await codeOf(client.join(wish))).toBe("invite-used");
  });

  test("without a community there is nothing to join", async () => {
    node.founded = false;
    expect(await codeOf(client.join(wish))).toBe("founded-not");
  });
});

describe("sessions", () => {
  test("answer the challenge for this node and origin", async () => {
    await client.me();
    const session = await read("session", node.last("/sessions")["session"], ana);
    expect(session).toMatchObject({ aud: nodeKey, origin, nonce: "n".repeat(22), exp: session.iat + 120 });
    expectNodeTime(session.iat);
  });

  test("one is enough for all requests, also for those that begin together", async () => {
    await Promise.all([client.me(), client.rooms.list(), client.invites.list()]);
    await client.me();
    expect(node.sessions).toBe(1);
  });

  test("a restarted node gets a new one, and the request is repeated", async () => {
    await client.me();
    node.validToken = "forgotten";
    await Promise.all([client.me(), client.rooms.list()]);
    expect(node.sessions).toBe(2);
  });

  test("a node that never takes the session is not asked for ever", async () => {
    node.refusals.set("/me", "session-required");
    expect(await codeOf(client.me())).toBe("session-required");
    expect(node.count("/me")).toBe(2);
  });

  test("a refused session is asked for again the next time", async () => {
    node.refusals.set("/sessions", "member-unknown");
    expect(await codeOf(client.me())).toBe("member-unknown");
    node.refusals.clear();
    expect((await client.me()).left).toBe(2);
  });

  test("another signer does not act in the session of the one before", async () => {
    await client.me();
    client.signer = await signerOfSeed(seedOf(9));
    await client.me();
    expect(node.sessions).toBe(2);
    await read("session", node.last("/sessions")["session"], await didOfSeed(seedOf(9)));
  });

  test("without a signer there is none", async () => {
    client.signer = null;
    expect(await codeOf(client.me())).toBe("session-required");
  });

  test("signing out tells the node, once", async () => {
    await client.me();
    await client.signOut();
    await client.signOut();
    const out = node.heard.filter(({ method }) => method === "DELETE");
    expect(out.map(({ path, headers }) => [path, headers.get("Authorization")])).toEqual([["/sessions", "Bearer token-1"]]);
  });

  test("a token that is dropped late does not end the session after it", async () => {
    const old = await client.token();
    client.dropToken(old);
    const fresh = await client.token();
    client.dropToken(old);
    expect(await client.token()).toBe(fresh);
  });
});

describe("invites", () => {
  test("spend a slot on a key whose private half is in the link alone", async () => {
    const created = await client.invites.create({ days: 2, room: id });
    const claims = await read("invite", node.last("/invites")["invite"], ana);
    expect(claims).toMatchObject({ aud: root, grant: id, slot: 1, exp: claims.iat + 2 * 86_400 });
    const link = parseLink(created.link);
    if (link.kind !== "invite") throw new Error("no invite link");
    expect([link.invite, link.room, await didOfSeed(link.seed)]).toEqual([id, id, claims.key]);
  });

  test.each([undefined, 1000])("last no longer than the rules allow (%s days)", async (days) => {
    await client.invites.create(days === undefined ? {} : { days });
    const claims = await read("invite", node.last("/invites")["invite"], ana);
    expect(claims.exp - claims.iat).toBe(aCommunity.rules.invite_life);
  });

  test("each has its own key", async () => {
    const links = [await client.invites.create(), await client.invites.create()].map(({ link }) => link);
    expect(links[0]).not.toBe(links[1]);
  });

  test("without a free slot the refusal is in the person's language", async () => {
    await loadSentences("fr");
    node.slots = [];
    client.language = "fr";
    const error = await client.invites.create().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "invite-none" });
    expect((error as ProblemError).title).toMatch(/invitation/i);
  });

  test("are revoked by their author", async () => {
    await client.invites.revoke(id);
    expect(await read("revoke", node.last(`/invites/${id}/revoke`)["revoke"], ana)).toMatchObject({ aud: root, sub: id });
  });
});

describe("rooms", () => {
  test("a create commits to the title, and no two are alike", async () => {
    const wish = { title: " Bread ", topics: ["baking"], language: "en" };
    await client.rooms.create(wish);
    const first = await read("create", node.last("/rooms")["create"], ana);
    const title = node.last("/rooms")["title"] as unknown as Text;
    expect(first).toMatchObject({ aud: root, node: nodeKey, lang: "en", topics: ["baking"], entry: "members" });
    expect([title.text, first.title]).toEqual(["Bread", await commitmentOf(title)]);
    await client.rooms.create(wish);
    expect((await read("create", node.last("/rooms")["create"], ana)).jti).not.toBe(first.jti);
  });

  test("a topic that no room may have is refused here", async () => {
    expect(await codeOf(client.rooms.create({ title: "x", topics: ["No!"], language: "en" }))).toBe("statement-payload");
  });

  test("a plan is changed and called off under its own id, and what is not changed stays", async () => {
    const planned = "B".repeat(42) + "A";
    const wish = {
      ...{ title: "Bread", topics: ["baking"], language: "en", start: "2027-02-02T19:30", zone: "Europe/Paris", duration: 3600 },
      repeat: { every: "weekly", interval: 1, days: ["tu", "th"], dates: 12 } as const,
      moderators: [root],
    };
    await client.schedules.plan({ ...wish, repeat: { ...wish.repeat, days: ["tu", "th"] } });
    const first = await read("schedule", node.last("/schedules")["schedule"], ana);
    expect(first).toMatchObject({ state: "planned", n: 0, entry: "members", repeat: wish.repeat, moderators: [root] });
    expect(first.of).toBeUndefined();
    const { moderators, ...rest } = wish;
    const known = { ...rest, entry: "public", id: planned, n: 3, openers: moderators.map((key) => ({ key, name: "Mia" })) } as unknown as Scheduled;
    await client.schedules.change(known, { ...wishOf(known), zone: "Asia/Tokyo" });
    const later = await read("schedule", node.last(`/schedules/${planned}`)["schedule"], ana);
    expect(later).toMatchObject({ state: "planned", n: 4, of: planned, entry: "public", zone: "Asia/Tokyo", moderators: [root] });
    const endless = { ...known, repeat: { every: "daily", interval: 1, dates: 0 } } as Scheduled; // as the node says it
    await client.schedules.cancel(endless);
    const daily = await read("schedule", node.last(`/schedules/${planned}`)["schedule"], ana);
    expect(daily.repeat).toEqual({ every: "daily", interval: 1 });
    await client.schedules.cancel(known);
    const last = await read("schedule", node.last(`/schedules/${planned}`)["schedule"], ana);
    expect(last).toMatchObject({ state: "cancelled", n: 4, of: planned, repeat: wish.repeat, moderators: [root] });
  });

  test("actions", async () => {
    await client.rooms.act(id, { type: "raise_hand", question: " Cafe\u0301? " });
    expect(node.last(`/rooms/${id}/actions`)).toEqual({ type: "raise_hand", question: "Café?" });
    await client.rooms.act(id, { type: "mute", target: ana.did });
    expect(node.last(`/rooms/${id}/actions`)).toEqual({ type: "mute", target: ana.did });
  });

  test("an action in a room that another node hosts is signed at its place, and says what is posted", async () => {
    const place = { nonce: "n".repeat(22), n: 7 };
    await client.node();
    await client.rooms.act(id, { type: "raise_hand", question: " Cafe\u0301? " }, place);
    const { act, ...asked } = node.last(`/rooms/${id}/actions`);
    expect(asked).toEqual({ type: "raise_hand", question: "Café?" });
    const claims = await read("act", act, ana);
    expect(claims).toMatchObject({ aud: id, ...place, do: "raise_hand", sub: ana.did, question: "Café?" });
    expect(Math.abs(claims.iat - (Date.now() + ahead) / 1000)).toBeLessThan(60);

    await client.rooms.act(id, { type: "mute", target: root }, { ...place, n: 8 });
    expect(await read("act", node.last(`/rooms/${id}/actions`)["act"], ana)).toMatchObject({
      n: 8,
      do: "mute",
      sub: root,
      question: "",
    });
  });

  test("an entry is signed over all that it names, by the node's clock", async () => {
    await client.node();
    const asked = { room: id, epoch: 2, home: nodeKey, host: root, nonce: "n".repeat(22) };
    const claims = await read("enter", await client.rooms.signEntry({ ...asked, type: "entry", n: 0, at: 0 }), ana);
    const { room: aud, ...rest } = asked;
    expect(claims).toMatchObject({ aud, ...rest });
    expect(Math.abs(claims.iat - (Date.now() + ahead) / 1000)).toBeLessThan(60);
  });

  test("media: the offer goes as it is, and the leg is what Location names", async () => {
    expect(await client.rooms.offerMedia(id, "v=0 offer")).toEqual({ answer: "v=0 answer", leg: "leg 1" });
    const heard = node.heard.at(-1);
    expect([heard?.body, heard?.headers.get("Content-Type")]).toEqual(["v=0 offer", "application/sdp"]);
    await client.rooms.closeMedia(id, "leg 1");
    expect(node.heard.at(-1)).toMatchObject({ method: "DELETE", path: `/rooms/${id}/media/leg%201` });
  });

  test("a refused offer is a problem", async () => {
    node.refusals.set(`/rooms/${id}/media`, "media-sdp");
    expect(await codeOf(client.rooms.offerMedia(id, "x"))).toBe("media-sdp");
  });
});

describe("errors", () => {
  test("no network", async () => {
    node.down = true;
    await expect(client.node()).rejects.toBeInstanceOf(OfflineError);
  });

  test("an answer that is not the node's", async () => {
    const proxy = new Client(origin, { fetch: () => Promise.resolve(new Response("<h1>502</h1>", { status: 502 })) });
    await expect(proxy.node()).rejects.toBeInstanceOf(OfflineError);
    const portal = new Client(origin, { fetch: () => Promise.resolve(new Response("<h1>Welcome</h1>")) });
    await expect(portal.node()).rejects.toBeInstanceOf(OfflineError);
  });

  test("a refusal says what the node said", async () => {
    node.refusals.set("/node", "rate-limited");
    await expect(client.node()).rejects.toMatchObject({ code: "rate-limited", title: "No.", status: 400 });
  });

  test("sentences are asked for in the person's language", async () => {
    client.language = "fr";
    await client.node();
    expect(node.heard.at(-1)?.headers.get("Accept-Language")).toBe("fr");
  });
});

test("now is the node's", async () => {
  await client.node();
  expect(Math.abs(client.now() - Date.now() - ahead)).toBeLessThan(60_000);
});

test("the WebSocket is on the same origin", () => {
  expect(client.eventsURL).toBe("wss://cafe.example/api/v1/events");
  expect(new Client("http://127.0.0.1:7080").eventsURL).toBe("ws://127.0.0.1:7080/api/v1/events");
});
