import { beforeEach, describe, expect, test, vi } from "vitest";
import { Client } from "./client";
import { OfflineError, ProblemError } from "./errors";
import { aCommunity } from "./sdktest";
import { didOfSeed, signerOfSeed } from "./seed";
import type { KeptSession, SessionKeep } from "./session";
import { parse } from "./statement";

const nodeKey = await didOfSeed(new Uint8Array(32).fill(1));
const ana = await signerOfSeed(new Uint8Array(32).fill(3));
const id = "A".repeat(43);
const log = { log: nodeKey, size: 7, root: id };
const community = { ...aCommunity, id: await didOfSeed(new Uint8Array(32).fill(2)) };

const json = (body: unknown, status = 200) => Response.json(body, { status });
const problem = (code: string, status = 401) =>
  new Response(JSON.stringify({ type: "", title: "No.", status, code }), { status, headers: { "Content-Type": "application/problem+json" } });

/** A node that knows tokens, and those that were ended from elsewhere. */
class FakeNode {
  opened: string[] = []; // the programs that opened sessions
  ended = new Set<string>();
  erased = false;
  lose = false; // the next answer is lost
  archive: () => Response = () => new Response("zip");
  sent = new Map<string, Record<string, unknown>>();

  fetch = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname.replace("/api/v1", "");
    const text = await request.text();
    if (text !== "") this.sent.set(path, JSON.parse(text) as Record<string, unknown>);
    const answer = this.answer(`${request.method} ${path}`, request.headers.get("Authorization")?.slice("Bearer ".length) ?? "");
    if (this.lose && path === "/me/erase") {
      this.lose = false;
      throw new TypeError("connection reset");
    }
    return answer;
  };

  private answer(what: string, token: string): Response {
    switch (what) {
      case "GET /node":
        return json({ node: nodeKey, peer: "", version: "1", now: Date.now(), slots: 3, community });
      case "POST /sessions/challenge":
        return json({ nonce: "n".repeat(22), node: nodeKey, now: Date.now(), expires: 0 }, 201);
      case "POST /sessions":
        if (this.erased) return problem("member-erased", 403);
        this.opened.push(String(this.sent.get("/sessions")?.["program"]));
        return json({ token: `token-${this.opened.length}`, expires: 0, member: { key: ana.did, name: "Ana" } }, 201);
    }
    if (this.ended.has(token)) return problem("session-ended");
    if (this.erased || !/^token-\d+$/.test(token)) return problem("session-required");
    switch (what) {
      case "GET /me/export":
        return this.archive();
      case "POST /me/erase":
        this.erased = true;
        return new Response(null, { status: 204 });
      case `GET /nodes/${encodeURIComponent(nodeKey)}/withdrawal`:
      case `GET /nodes/${nodeKey}/withdrawal`:
        return json({ delegates: [id, `${"B".repeat(42)}A`], upto: [log] });
      case "GET /me/sessions":
        return json({ sessions: [] });
      default:
        return new Response(null, { status: 204 });
    }
  }
}

/** What a browser keeps for all its pages. */
class Keep implements SessionKeep {
  kept: KeptSession | null = null;
  load = () => this.kept;
  save = (session: KeptSession | null) => void (this.kept = session);
  private last: Promise<unknown> = Promise.resolve();
  alone = <T>(what: () => Promise<T>): Promise<T> => {
    const mine = this.last.then(what);
    this.last = mine.catch(() => undefined);
    return mine;
  };
}

let node: FakeNode;
let keep: Keep;

function page(): Client {
  const client = new Client("https://cafe.example", { fetch: node.fetch, sessions: keep, program: "Firefox, Linux" });
  client.signer = ana;
  return client;
}

const codeOf = (doing: Promise<unknown>) =>
  doing.then(() => "done", (error: unknown) => (error instanceof ProblemError ? error.code : error instanceof OfflineError ? "offline" : String(error)));

beforeEach(() => {
  node = new FakeNode();
  keep = new Keep();
});

describe("a browser's session", () => {
  test("is one for all its pages, also when they open together", async () => {
    const [one, two] = [page(), page()];
    await Promise.all([one.own.sessions(), two.own.sessions()]);
    await page().own.sessions();
    expect(node.opened).toEqual(["Firefox, Linux"]);
  });

  test("is renewed once for all when the node has forgotten it", async () => {
    keep.kept = { did: ana.did, token: "of-a-node-before", ended: false };
    await Promise.all([page().own.sessions(), page().own.sessions()]);
    expect(node.opened.length).toBe(1);
    expect(keep.kept.token).toBe("token-1");
  });

  test("is not another member's", async () => {
    keep.kept = { did: nodeKey, token: "token-7", ended: false };
    await page().own.sessions();
    expect(node.opened.length).toBe(1);
  });

  test("once ended from elsewhere, stays so over reloads until its member signs in", async () => {
    const client = page();
    await client.own.sessions();
    const heard = vi.fn();
    client.ended.subscribe(heard);
    node.ended.add("token-1");
    expect(await codeOf(client.own.sessions())).toBe("session-ended");
    expect(heard).toHaveBeenCalledWith(true);
    node.ended.clear(); // the node was restarted since
    const again = page();
    expect([again.ended.value, await codeOf(again.own.sessions())]).toEqual([true, "session-ended"]);
    expect(node.opened.length).toBe(1);
    again.signIn();
    expect([again.ended.value, await codeOf(again.own.sessions())]).toEqual([false, "done"]);
    expect(node.opened.length).toBe(2);
  });

  test("ends with signing out, for a page that has not used it yet too", async () => {
    await page().own.sessions();
    await page().signOut();
    expect(keep.kept).toBeNull();
  });
});

describe("the archive", () => {
  test("comes whole, and says how far it is", async () => {
    node.archive = () =>
      new Response(
        new ReadableStream({
          start(to) {
            for (const piece of ["ab", "cde"]) to.enqueue(new TextEncoder().encode(piece));
            to.close();
          },
        }),
        { headers: { "Content-Type": "application/zip" } },
      );
    const came: number[] = [];
    const archive = await page().own.export((bytes) => came.push(bytes));
    expect([await archive.text(), came]).toEqual(["abcde", [2, 5]]);
  });

  test("that is cut off counts for nothing", async () => {
    node.archive = () => new Response(new ReadableStream({ pull: (to) => to.error(new TypeError("connection reset")) }));
    expect(await codeOf(page().own.export())).toBe("offline");
  });

  test("is refused with the node's reason", async () => {
    node.archive = () => problem("rate-limited", 429);
    expect(await codeOf(page().own.export())).toBe("rate-limited");
  });

  test("is given up when nothing comes any more", async () => {
    await page().own.sessions();
    vi.useFakeTimers();
    try {
      node.fetch = stalling(node.fetch);
      const waiting = codeOf(page().own.export());
      await vi.advanceTimersByTimeAsync(59_000);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await waiting).toBe("offline");
    } finally {
      vi.useRealTimers();
    }
  });
});

/** As fetch does it: a stream that never comes to its end fails when the request is given up. */
function stalling(fetch: (request: Request) => Promise<Response>) {
  return async (request: Request): Promise<Response> => {
    if (!request.url.endsWith("/export")) return fetch(request);
    const stream = new ReadableStream({
      start(to) {
        to.enqueue(new Uint8Array(3));
        request.signal.addEventListener("abort", () => to.error(new TypeError("given up")));
      },
    });
    return new Response(stream);
  };
}

describe("erasing", () => {
  test("is signed, and forgets the session", async () => {
    const client = page();
    await client.own.erase();
    const said = await parse(String(node.sent.get("/me/erase")?.["erase"]), "erase");
    expect([said.signer, said.claims.aud, keep.kept]).toEqual([ana.did, community.id, null]);
  });

  test("whose answer was lost is done when it is asked for again", async () => {
    const client = page();
    node.lose = true;
    expect(await codeOf(client.own.erase())).toBe("offline");
    expect(await codeOf(client.own.erase())).toBe("done");
  });
});

test("a founder withdraws all delegates of a node, up to where its log is known", async () => {
  await page().founder.withdrawNode(nodeKey);
  const [path, body] = [...node.sent].at(-1) ?? ["", {}];
  expect(decodeURIComponent(path)).toBe(`/nodes/${nodeKey}/withdrawal`);
  const revokes = body["revokes"] as string[];
  const said = await Promise.all(revokes.map((text) => parse(text, "revoke")));
  expect(said.map(({ claims }) => [claims.sub, claims.upto])).toEqual([[id, [log]], [`${"B".repeat(42)}A`, [log]]]);
});
