import type { Client } from "./client";
import { Cell } from "./emitter";
import { OfflineError, ProblemError } from "./errors";
import type { Problem } from "./types";

/** Where a stream of events stands. */
export type StreamStatus =
  /** Not open, or closed by this side. */
  | { kind: "closed" }
  /** Opening for the first time. */
  | { kind: "connecting" }
  | { kind: "live" }
  /** The connection was lost or could not be made. Trying goes on for ever. `since` is Unix milliseconds. */
  | { kind: "reconnecting"; since: number; attempt: number }
  /** The room is over. */
  | { kind: "ended" }
  /** The node does not want this connection (any more). Trying is over. */
  | { kind: "refused"; problem: ProblemError };

/** What a connection needs of the node. */
export type Door = Pick<Client, "eventsURL" | "token" | "dropToken" | "noteEnded" | "node">;

/** What a stream makes of its connection. */
export interface Handler {
  /** What the hello says besides the token. Called for each connection. */
  hello(): { room?: string; run?: string; since?: number };
  /**
   * Takes one message. `live` is the usual verdict; `wait` says that what makes it live is still to come; `again` asks
   * for a new connection, because this one cannot be followed; `ended` for no more.
   */
  receive(message: { type: string }, answer: Answer): Verdict;
}

export type Verdict = "live" | "wait" | "again" | "ended";

/**
 * Answers the node on the connection that asked, once the promise has the message; null is no answer. A connection that
 * is gone by then gets none; a promise that rejects ends the connection as the node's own refusal would.
 */
export type Answer = (message: Promise<object | null>) => void;

/** What the node may say at the end of a connection that only means: come back. */
const comeBack: ReadonlySet<string> = new Set([
  "shutting-down",
  "room-too-slow",
  "session-required",
  "rate-limited",
  "storage-failed",
  "internal",
]);

/**
 * Refusals of an entry by way of another node that may be different a moment later. Whoever was in the room goes on
 * trying, whoever was not is told after so many attempts.
 */
const mayPass: ReadonlySet<string> = new Set(["room-host-lost", "enter-stale", "ticket-expired"]);
const entryAttempts = 3;

/** Milliseconds. */
const times = {
  firstRetry: 250, // doubled each time, up to longestRetry; each wait is this, less up to half by chance
  longestRetry: 3_000,
  settled: 5_000, // a connection this old has worked: the next loss begins at firstRetry again
  open: 10_000, // until the first message
  entry: 40_000, // from being asked to wait: the node gives 30 s for an answer, and needs a while to pass it on
  probe: 4_000, // until a node that does not answer counts as out of reach
  quietResume: 1_000, // a resumed connection without news is not answered: it counts as live after this
};

/** The part of a browser's WebSocket that is used. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

/** What tests exchange. */
export interface SocketEnvironment {
  connect: (url: string) => Socket;
  random: () => number;
  /** Tells `online`, `offline`, `pageshow` and `visibilitychange`; null outside a page. */
  page: Pick<EventTarget, "addEventListener" | "removeEventListener"> | null;
}

function browser(): SocketEnvironment {
  return {
    connect: (url) => new WebSocket(url),
    random: Math.random,
    page: "window" in globalThis ? globalThis.window : null,
  };
}

const hints = ["online", "offline", "pageshow", "visibilitychange"] as const;

/**
 * One WebSocket that is always there: it says hello, hands messages on, and after any loss comes back with growing,
 * jittered pauses, or at once when the browser says that the network is back or somebody looks at the page.
 */
export class EventSocket {
  readonly status = new Cell<StreamStatus>({ kind: "closed" });
  readonly #client: Door;
  readonly #handler: Handler;
  readonly #env: SocketEnvironment;
  #socket: Socket | null = null;
  #attempt = 0; // failures since the connection last settled
  #lostAt: number | null = null;
  #run = 0; // rises when whatever is under way is given up
  #timer: ReturnType<typeof setTimeout> | undefined; // the next thing to happen to this connection
  #waiting = false; // for the next attempt
  #ending = false; // the next loss is the end
  #renewing = false; // the session was renewed, and no connection was live since
  #wasLive = false;

  constructor(client: Door, handler: Handler, env: SocketEnvironment = browser()) {
    this.#client = client;
    this.#handler = handler;
    this.#env = env;
  }

  /** Starts, once. */
  open(): void {
    if (this.#running) return;
    this.#attempt = 0;
    this.#lostAt = null;
    this.#ending = false;
    this.#wasLive = false;
    for (const hint of hints) this.#env.page?.addEventListener(hint, this.#onHint, true);
    this.status.set({ kind: "connecting" });
    void this.#connect();
  }

  /** Ends it. The node sees the connection closing. */
  close(): void {
    this.#finish({ kind: "closed" });
  }

  /** The node is about to close the connection, because it was asked to: that will be the end, and no loss. */
  expectEnd(): void {
    this.#ending = true;
  }

  /**
   * Asks the node whether it is there, when something else says that the network is not. If it is not, the connection is
   * given up and made anew: a dead WebSocket can look open for many minutes.
   */
  async probe(): Promise<void> {
    const run = this.#run;
    if (this.status.value.kind !== "live") return;
    const answered = this.#client.node().then(
      () => true,
      (error: unknown) => !(error instanceof OfflineError),
    );
    const silence = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), times.probe));
    const there = await Promise.race([answered, silence]);
    if (!there && run === this.#run) this.#lost();
  }

  get #running(): boolean {
    const { kind } = this.status.value;
    return kind === "connecting" || kind === "live" || kind === "reconnecting";
  }

  readonly #onHint = (event: Event): void => {
    const hidden = event.type === "visibilitychange" && document.visibilityState === "hidden";
    if (hidden) return;
    if (this.#waiting && event.type !== "offline") void this.#connect();
    else void this.probe();
  };

  async #connect(): Promise<void> {
    const run = this.#abandon();
    let token: string;
    try {
      token = await this.#client.token();
    } catch (error) {
      if (run === this.#run) this.#failed(error);
      return;
    }
    if (run !== this.#run) return;
    const socket = this.#env.connect(this.#client.eventsURL);
    this.#socket = socket;
    this.#after(times.open, () => this.#lost());
    socket.onopen = () => {
      const hello = this.#handler.hello();
      socket.send(JSON.stringify({ type: "hello", token, ...hello }));
      if (hello.run !== undefined) this.#after(times.quietResume, () => this.#live());
    };
    socket.onmessage = ({ data }) => this.#receive(data, token);
    socket.onclose = () => this.#lost();
  }

  #receive(data: unknown, token: string): void {
    const run = this.#run;
    const message = parse(data);
    if (message?.type === "refused") {
      this.#refused(new ProblemError((message as unknown as { problem: Problem }).problem), token);
      return;
    }
    const verdict = message === null ? "again" : this.#handler.receive(message, this.#answer);
    if (run !== this.#run) return; // whoever was told of the message closed the connection
    switch (verdict) {
      case "live":
        this.#live();
        break;
      case "wait":
        if (this.status.value.kind !== "live") this.#after(times.entry, () => this.#lost());
        break;
      case "again":
        this.#lost();
        break;
      case "ended":
        this.#finish({ kind: "ended" });
    }
  }

  readonly #answer: Answer = (message) => {
    const run = this.#run;
    message.then(
      (text) => {
        if (run === this.#run && text !== null) this.#socket?.send(JSON.stringify(text));
      },
      (error: unknown) => {
        if (run === this.#run) this.#failed(error);
      },
    );
  };

  #refused(problem: ProblemError, token: string): void {
    if (problem.code === "session-ended") this.#client.noteEnded(token);
    if (problem.code !== "session-required") {
      this.#failed(problem);
      return;
    }
    this.#client.dropToken(token);
    if (this.#renewing) {
      this.#lost();
    } else {
      this.#renewing = true; // a restarted node forgets sessions, and is there again: no need to wait
      void this.#connect();
    }
  }

  #live(): void {
    if (this.status.value.kind === "live") return;
    this.#lostAt = null;
    this.#renewing = false;
    this.#wasLive = true;
    this.#after(times.settled, () => (this.#attempt = 0));
    this.status.set({ kind: "live" });
  }

  #failed(error: unknown): void {
    if (!(error instanceof ProblemError) || this.#mayComeBack(error.code)) this.#lost();
    else if (error.code === "room-ended") this.#finish({ kind: "ended" });
    else this.#finish({ kind: "refused", problem: error });
  }

  #mayComeBack(code: string): boolean {
    return comeBack.has(code) || (mayPass.has(code) && (this.#wasLive || this.#attempt < entryAttempts - 1));
  }

  /** Waits a little, then connects again. */
  #lost(): void {
    if (this.#ending) {
      this.#finish({ kind: "closed" });
      return;
    }
    this.#abandon();
    const pause = Math.min(times.firstRetry * 2 ** this.#attempt, times.longestRetry);
    this.#attempt++;
    this.#lostAt ??= Date.now();
    this.#waiting = true;
    this.#after(pause * (1 - this.#env.random() / 2), () => void this.#connect());
    this.status.set({ kind: "reconnecting", since: this.#lostAt, attempt: this.#attempt });
  }

  #finish(status: StreamStatus): void {
    if (!this.#running) return;
    this.#abandon();
    for (const hint of hints) this.#env.page?.removeEventListener(hint, this.#onHint, true);
    this.status.set(status);
  }

  /** Drops the present connection or attempt. Nothing of it is heard any more. */
  #abandon(): number {
    clearTimeout(this.#timer);
    this.#waiting = false;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    return ++this.#run;
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}

/** A message is an object with a type; anything else is null. */
function parse(data: unknown): { type: string } | null {
  if (typeof data !== "string") return null;
  try {
    const message: unknown = JSON.parse(data);
    const typed = typeof message === "object" && message !== null && "type" in message && typeof message.type === "string";
    return typed ? (message as { type: string }) : null;
  } catch {
    return null;
  }
}
