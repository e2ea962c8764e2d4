import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OfflineError, ProblemError } from "./errors";
import { ana, anEntry, aRoom, aSnapshot, event, hostIs, mia } from "./sdktest";
import type { Socket, SocketEnvironment } from "./socket";
import { HallwayStream, RoomStream } from "./stream";
import type { Entry } from "./types";

/** One connection as the node sees it. */
class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: unknown[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.call(this as unknown as WebSocket, new Event("open"));
  }

  say(message: unknown): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.onmessage?.call(this as unknown as WebSocket, new MessageEvent("message", { data }));
  }

  refuse(code: string): void {
    this.say({ type: "refused", n: 0, at: 0, problem: { type: `urn:stoa:reason:${code}`, title: code, status: 400, code } });
    this.drop();
  }

  drop(): void {
    this.onclose?.call(this as unknown as WebSocket, new CloseEvent());
  }
}

class CloseEvent extends Event {
  readonly code = 1006;
  readonly reason = "";
  readonly wasClean = false;
  constructor() {
    super("close");
  }
}

/** A node that gives tokens, and connections to play with. */
class FakeNode {
  readonly eventsURL = "wss://cafe.example/api/v1/events";
  readonly sockets: FakeSocket[] = [];
  readonly page = new EventTarget();
  tokens = 0;
  trouble: Error | null = null;
  probes = 0;

  readonly env: SocketEnvironment = {
    connect: (url) => {
      expect(url).toBe(this.eventsURL);
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    random: () => 0,
    page: this.page,
  };

  token = () => (this.trouble ? Promise.reject(this.trouble) : Promise.resolve(`token-${this.tokens}`));

  dropToken = (token: string) => {
    if (token === `token-${this.tokens}`) this.tokens++;
  };

  ended: string[] = [];
  readonly rooms = this;

  noteEnded = (token: string) => {
    this.ended.push(token);
  };

  node = () => {
    this.probes++;
    return this.trouble ? Promise.reject(this.trouble) : Promise.resolve({} as never);
  };

  /** Signs at once; a test may put a slower one in its place. */
  signEntry = ({ epoch }: Entry): Promise<string> => Promise.resolve(`enter-${epoch}`);

  /** The newest connection, opened. */
  async opened(): Promise<FakeSocket> {
    await vi.advanceTimersByTimeAsync(0);
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no connection");
    if (socket.sent.length === 0) socket.open();
    return socket;
  }
}

let node: FakeNode;
let stream: RoomStream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { visibilityState: "visible" });
  node = new FakeNode();
  stream = new RoomStream(node, aRoom, node.env);
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const problem = (code: string) => new ProblemError({ code, status: 400, title: code });
const status = () => stream.status.value.kind;

/** Live, at number 10. */
async function live(): Promise<FakeSocket> {
  stream.open();
  const socket = await node.opened();
  socket.say(aSnapshot());
  expect(status()).toBe("live");
  return socket;
}

describe("entering", () => {
  test("says hello with token and room, and is live with the snapshot", async () => {
    const seen: string[] = [];
    stream.status.subscribe(({ kind }) => seen.push(kind));
    const socket = await live();
    expect(socket.sent).toEqual([{ type: "hello", token: "token-0", room: aRoom }]);
    expect(seen).toEqual(["connecting", "live"]);
    expect(stream.state.value?.n).toBe(10);
  });

  test("events change the state before they are told", async () => {
    const socket = await live();
    const told: [string, boolean | undefined][] = [];
    stream.events.subscribe(({ type }) => told.push([type, stream.state.value?.stage[0]?.muted]));
    socket.say(event(11, { type: "muted", key: ana }));
    socket.say(event(12, { type: "unmuted", key: ana }));
    expect(told).toEqual([["muted", true], ["unmuted", false]]);
  });

  test("opening twice makes one connection", async () => {
    await live();
    stream.open();
    await node.opened();
    expect(node.sockets).toHaveLength(1);
  });
});

describe("losing the connection", () => {
  test("resumes where it was, keeps the state meanwhile, and goes on", async () => {
    const first = await live();
    first.say(event(11, { type: "muted", key: ana }));
    first.drop();
    expect(stream.status.value).toEqual({ kind: "reconnecting", since: Date.now(), attempt: 1 });
    expect(stream.state.value?.n).toBe(11);
    await vi.advanceTimersByTimeAsync(250);
    const second = await node.opened();
    expect(second.sent).toEqual([{ type: "hello", token: "token-0", room: aRoom, run: "run-1", since: 11 }]);
    second.say(event(12, { type: "unmuted", key: ana }));
    expect([status(), stream.state.value?.n]).toEqual(["live", 12]);
  });

  test("a resumed connection without news is live after a moment", async () => {
    (await live()).drop();
    await vi.advanceTimersByTimeAsync(250);
    await node.opened();
    expect(status()).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(1000);
    expect(status()).toBe("live");
  });

  test("tries for ever, with growing pauses", async () => {
    (await live()).drop();
    node.trouble = new OfflineError("offline");
    const attempts: number[] = [];
    stream.status.subscribe((s) => s.kind === "reconnecting" && attempts.push(s.attempt));
    await vi.advanceTimersByTimeAsync(250 + 500 + 1000 + 2000 + 3000 + 3000 + 3000);
    expect(attempts).toEqual([2, 3, 4, 5, 6, 7, 8]);
    await vi.advanceTimersByTimeAsync(3600 * 1000);
    node.trouble = null;
    await vi.advanceTimersByTimeAsync(3000);
    (await node.opened()).say(aSnapshot());
    expect(status()).toBe("live");
  });

  test("up to half of each pause is left to chance", async () => {
    node.env.random = () => 1;
    (await live()).drop();
    await vi.advanceTimersByTimeAsync(124);
    expect(node.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(node.sockets).toHaveLength(2);
  });

  test("a connection that breaks at once each time does not make it hasty", async () => {
    await live();
    for (const pause of [250, 500, 1000]) {
      node.sockets.at(-1)?.drop();
      await vi.advanceTimersByTimeAsync(pause - 1);
      const before = node.sockets.length;
      await vi.advanceTimersByTimeAsync(1);
      expect(node.sockets).toHaveLength(before + 1);
      (await node.opened()).say({ ...aSnapshot(), run: `run-${pause}` });
    }
    await vi.advanceTimersByTimeAsync(5000); // this one settles
    node.sockets.at(-1)?.drop();
    await vi.advanceTimersByTimeAsync(250);
    expect(node.sockets).toHaveLength(5);
  });

  test("a connection that never opens is given up", async () => {
    stream.open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(status()).toBe("reconnecting");
    expect(node.sockets[0]?.closed).toBe(true);
  });

  test("a restarted node wants a new session, at once, and numbers anew", async () => {
    (await live()).drop();
    await vi.advanceTimersByTimeAsync(250);
    (await node.opened()).refuse("session-required");
    const third = await node.opened();
    expect(third.sent[0]).toMatchObject({ token: "token-1", run: "run-1", since: 10 });
    third.say({ ...aSnapshot(), run: "run-2", n: 0 });
    third.say(event(1, { type: "muted", key: ana }));
    expect(stream.state.value).toMatchObject({ run: "run-2", n: 1 });
    expect(status()).toBe("live");
  });

  test("a node that takes no session is not asked hastily", async () => {
    (await live()).drop();
    await vi.advanceTimersByTimeAsync(250);
    (await node.opened()).refuse("session-required");
    for (const pause of [500, 1000]) {
      (await node.opened()).refuse("session-required");
      const before = node.sockets.length;
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(node.sockets).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(node.sockets).toHaveLength(before + 1);
    }
  });

  test.each(["online", "pageshow", "visibilitychange"])("%s makes it try at once", async (hint) => {
    (await live()).drop();
    node.page.dispatchEvent(new Event(hint));
    await node.opened();
    expect(node.sockets).toHaveLength(2);
  });

  test("a page that is hidden is no reason to hurry", async () => {
    (await live()).drop();
    vi.stubGlobal("document", { visibilityState: "hidden" });
    node.page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(node.sockets).toHaveLength(1);
  });

  test("offline: the connection is given up if the node is out of reach, and kept if not", async () => {
    const socket = await live();
    node.page.dispatchEvent(new Event("offline"));
    await vi.advanceTimersByTimeAsync(0);
    expect([status(), node.probes]).toEqual(["live", 1]);
    node.trouble = new OfflineError("offline");
    node.page.dispatchEvent(new Event("offline"));
    await vi.advanceTimersByTimeAsync(0);
    expect([status(), socket.closed]).toEqual(["reconnecting", true]);
  });

  test("a node that does not even refuse is out of reach too", async () => {
    await live();
    node.node = () => new Promise(() => undefined);
    void stream.probe();
    await vi.advanceTimersByTimeAsync(4000);
    expect(status()).toBe("reconnecting");
  });

  test("a probe that comes back late says nothing of the connection after it", async () => {
    const first = await live();
    node.node = () => new Promise(() => undefined);
    void stream.probe();
    first.drop();
    await vi.advanceTimersByTimeAsync(250);
    (await node.opened()).say({ ...aSnapshot(), run: "run-2" });
    await vi.advanceTimersByTimeAsync(4000);
    expect([status(), node.sockets.length]).toEqual(["live", 2]);
  });
});

describe("numbers", () => {
  test("a gap starts over with a snapshot", async () => {
    const first = await live();
    first.say(event(12, { type: "muted", key: ana }));
    expect([status(), first.closed, stream.state.value?.n]).toEqual(["reconnecting", true, 10]);
    await vi.advanceTimersByTimeAsync(250);
    expect((await node.opened()).sent).toEqual([{ type: "hello", token: "token-0", room: aRoom }]);
  });

  test("an event said twice counts once", async () => {
    const socket = await live();
    const raised = event(11, { type: "hand_lowered", key: ana });
    let told = 0;
    stream.events.subscribe(() => told++);
    socket.say(raised);
    socket.say(raised);
    expect([told, status()]).toEqual([1, "live"]);
  });

  test.each(["no json", "7", "null", "{}", '{"type":7}'])("%s is no message: another connection", async (text) => {
    (await live()).say(text);
    expect(status()).toBe("reconnecting");
  });
});

describe("a room that another node hosts", () => {
  /** Asked to sign the way in, at the first host. */
  async function asked(): Promise<FakeSocket> {
    stream.open();
    const socket = await node.opened();
    socket.say(anEntry());
    await settle();
    return socket;
  }
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const entered = (socket: FakeSocket) => socket.sent.slice(1);

  test("the way in is signed, and the room is live with the snapshot only", async () => {
    const socket = await asked();
    expect(entered(socket)).toEqual([{ type: "enter", enter: "enter-1" }]);
    expect([status(), stream.entry.value]).toEqual(["connecting", anEntry()]);
    await vi.advanceTimersByTimeAsync(30_000); // the host may take its time
    socket.say(aSnapshot());
    expect([status(), stream.entry.value]).toEqual(["live", anEntry()]);
  });

  test("an entry that leads nowhere is given up", async () => {
    const socket = await asked();
    await vi.advanceTimersByTimeAsync(40_000);
    expect([status(), socket.closed]).toEqual(["reconnecting", true]);
  });

  test("a new host is entered without a word: same connection, same state until its snapshot", async () => {
    const socket = await asked();
    socket.say(aSnapshot());
    socket.say(event(11, { type: "muted", key: ana }));
    const seen: string[] = [];
    stream.status.subscribe(({ kind }) => seen.push(kind));
    socket.say(hostIs("lost"));
    socket.say(anEntry(2, mia));
    await settle();
    expect(entered(socket).at(-1)).toEqual({ type: "enter", enter: "enter-2" });
    expect([stream.state.value?.n, stream.host.value?.state]).toEqual([11, "lost"]);
    const { room } = aSnapshot();
    socket.say({ ...aSnapshot(), n: 12, room: { ...room, host: mia, epoch: 2 } });
    socket.say(event(13, { type: "unmuted", key: ana }));
    expect([seen, node.sockets.length, stream.state.value?.n]).toEqual([[], 1, 13]);
    expect(stream.host.value).toEqual({ state: "live", host: mia, epoch: 2 });
    expect(stream.entry.value).toEqual(anEntry(2, mia));
  });

  test("only the latest entry is answered", async () => {
    const signatures: ((text: string) => void)[] = [];
    node.signEntry = () => new Promise((resolve) => signatures.push(resolve));
    const socket = await asked();
    socket.say(anEntry(2, mia));
    signatures[1]?.("enter-2");
    signatures[0]?.("enter-1");
    await settle();
    expect(entered(socket)).toEqual([{ type: "enter", enter: "enter-2" }]);
  });

  test("a signature that comes after the connection went is not sent on the next one", async () => {
    let signed: (text: string) => void = () => undefined;
    node.signEntry = () => new Promise((resolve) => (signed = resolve));
    (await asked()).drop();
    await vi.advanceTimersByTimeAsync(250);
    const second = await node.opened();
    signed("enter-1");
    await settle();
    expect(entered(second)).toEqual([]);
  });

  test("a member who cannot sign is told why", async () => {
    node.signEntry = () => Promise.reject(problem("session-required-not"));
    await asked();
    expect(stream.status.value).toMatchObject({ kind: "refused", problem: { code: "session-required-not" } });
  });

  test("nobody is led into another room", async () => {
    stream.open();
    const socket = await node.opened();
    socket.say({ ...anEntry(), room: "B".repeat(43) });
    await settle();
    expect([entered(socket), status()]).toEqual([[], "reconnecting"]);
  });

  test("after a loss it is entered again, and resumed only by what follows", async () => {
    const first = await asked();
    first.say(aSnapshot());
    first.drop();
    await vi.advanceTimersByTimeAsync(250);
    const second = await node.opened();
    expect(second.sent[0]).toMatchObject({ run: "run-1", since: 10 });
    second.say({ ...anEntry(), nonce: "another" });
    await vi.advanceTimersByTimeAsync(5000);
    expect([entered(second), status()]).toEqual([[{ type: "enter", enter: "enter-1" }], "reconnecting"]);
    second.say({ ...aSnapshot(), n: 14 });
    expect([status(), stream.entry.value?.nonce]).toEqual(["live", "another"]);
  });

  test("once this node hosts the room itself, no entry is in force", async () => {
    const socket = await asked();
    socket.say(aSnapshot());
    const { room } = aSnapshot();
    socket.say({ ...aSnapshot(), n: 11, room: { ...room, host: anEntry().home, epoch: 2 } });
    expect(stream.entry.value).toBeNull();
  });

  test("what becomes of the host has no number", async () => {
    const socket = await live();
    expect(stream.host.value).toBeNull();
    socket.say(hostIs("lost"));
    socket.say(event(11, { type: "muted", key: ana }));
    expect([stream.host.value?.state, stream.state.value?.n]).toEqual(["lost", 11]);
    socket.say(hostIs("live"));
    expect(stream.host.value).toEqual({ state: "live", host: anEntry().host, epoch: 1 });
  });

  test("a lost host before the first snapshot means: wait", async () => {
    const socket = await asked();
    socket.say(hostIs("lost"));
    expect([status(), stream.host.value?.state]).toEqual(["connecting", "lost"]);
    socket.say(anEntry(2, mia));
    await settle();
    expect(entered(socket)).toHaveLength(2);
  });

  test("on another connection the host is unknown again", async () => {
    const socket = await live();
    socket.say(hostIs("lost"));
    socket.drop();
    await vi.advanceTimersByTimeAsync(250);
    await node.opened();
    expect(stream.host.value).toBeNull();
  });

  test.each(["room-host-lost", "enter-stale", "ticket-expired"])("%s: a newcomer is told after three attempts", async (code) => {
    (await asked()).refuse(code);
    await vi.advanceTimersByTimeAsync(250);
    (await node.opened()).refuse(code);
    await vi.advanceTimersByTimeAsync(500);
    (await node.opened()).refuse(code);
    expect(stream.status.value).toMatchObject({ kind: "refused", problem: { code } });
    expect(node.sockets).toHaveLength(3);
  });

  test("room-host-lost: whoever was inside goes on trying", async () => {
    const socket = await asked();
    socket.say(aSnapshot());
    socket.refuse("room-host-lost");
    for (const pause of [250, 500, 1000, 2000, 3000]) {
      await vi.advanceTimersByTimeAsync(pause);
      (await node.opened()).refuse("room-host-lost");
    }
    expect([status(), node.sockets.length]).toEqual(["reconnecting", 6]);
  });

  test.each(["community-denied", "node-denied", "chain-invalid", "ticket-forged", "home-limit"])("%s is final", async (code) => {
    (await asked()).refuse(code);
    expect(stream.status.value).toMatchObject({ kind: "refused", problem: { code } });
  });
});

describe("the end", () => {
  test.each(["room-replaced", "room-removed", "room-unknown", "room-full", "member-unknown"])(
    "%s is final",
    async (code) => {
      (await live()).refuse(code);
      expect(stream.status.value).toMatchObject({ kind: "refused", problem: { code } });
      node.page.dispatchEvent(new Event("online"));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(node.sockets).toHaveLength(1);
    },
  );

  test.each(["shutting-down", "room-too-slow", "rate-limited", "storage-failed", "internal"])(
    "%s means: come back",
    async (code) => {
      (await live()).refuse(code);
      await vi.advanceTimersByTimeAsync(250);
      expect(node.sockets).toHaveLength(2);
    },
  );

  test("a session that the node does not give is final too", async () => {
    node.trouble = problem("member-unknown");
    stream.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.status.value).toMatchObject({ kind: "refused", problem: { code: "member-unknown" } });
  });

  test("ended: told by an event, or found out on coming back", async () => {
    const socket = await live();
    socket.say(event(11, { type: "ended", why: "moderator", by: ana }));
    expect([status(), stream.state.value?.ended?.why, socket.closed]).toEqual(["ended", "moderator", true]);

    const other = new RoomStream(node, aRoom, node.env);
    other.open();
    (await node.opened()).refuse("room-ended");
    expect(other.status.value.kind).toBe("ended");
  });

  test("closing stops everything, also while waiting", async () => {
    (await live()).drop();
    stream.close();
    expect(status()).toBe("closed");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(node.sockets).toHaveLength(1);
  });

  test("closing while an event is told is the last word", async () => {
    const socket = await live();
    stream.events.subscribe(() => stream.close());
    socket.say(event(11, { type: "muted", key: ana }));
    expect(status()).toBe("closed");
  });

  test("after leaving, the node's closing is no loss", async () => {
    const socket = await live();
    stream.expectEnd();
    socket.drop();
    expect(status()).toBe("closed");
  });
});

test("a session that was ended from elsewhere is not opened again", async () => {
  const hallway = new HallwayStream(node, node.env);
  hallway.open();
  const socket = await node.opened();
  socket.say({ type: "hallway", n: 0, at: 1, rooms: [] });
  socket.say({ type: "refused", at: 1, problem: { type: "", code: "session-ended", status: 401, title: "You signed out." } });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([hallway.status.value.kind, node.sockets.length]).toEqual(["refused", 1]);
  expect(node.ended).toEqual(["token-0"]);
});

test("the hallway says hello without a room, and keeps its rooms while reconnecting", async () => {
  const hallway = new HallwayStream(node, node.env);
  hallway.open();
  const socket = await node.opened();
  expect(socket.sent).toEqual([{ type: "hello", token: "token-0" }]);
  expect(hallway.rooms.value).toBeNull();
  socket.say({ type: "hallway", n: 0, at: 1, rooms: [aSnapshot().room] });
  expect(hallway.rooms.value?.map(({ title }) => title)).toEqual(["Bread"]);
  socket.drop();
  expect([hallway.status.value.kind, hallway.rooms.value?.length]).toEqual(["reconnecting", 1]);
  hallway.close();
});
