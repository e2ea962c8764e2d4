import { Cell, Emitter, type Readable, type Subscribable } from "./emitter";
import type { Standing } from "./acts";
import type { Rooms } from "./rooms";
import { reduce, type RoomState } from "./roomstate";
import { EventSocket, type Answer, type Door, type Handler, type SocketEnvironment, type StreamStatus, type Verdict } from "./socket";
import type { App, AppsChanged, Entry, HostChanged, HostState, Id, Mine, Noticed, Reactions, Room, RoomEvent, Scheduled } from "./types";

export type { StreamStatus } from "./socket";

/** What a room needs of the node. */
export type RoomDoor = Door & { rooms: Pick<Rooms, "signEntry"> };

/**
 * The events of one room, and its state. While it is open, this person is in the room: the node takes the connection for
 * their presence. After a loss it resumes with the last number it saw; a gap in the numbers starts over with a snapshot.
 *
 * Into a room that another node hosts the person signs their way, each time that the node asks: on coming, and whenever
 * the room has moved to another host. Nothing else changes then, neither the run nor the connection.
 */
export class RoomStream {
  readonly room: Id;
  readonly #state = new Cell<RoomState | null>(null);
  readonly #events = new Emitter<RoomEvent>();
  readonly #reactions = new Emitter<Reactions>();
  readonly #mine = new Emitter<void>();
  readonly #notices = new Emitter<Noticed>();
  readonly #entry = new Cell<Entry | null>(null);
  readonly #standing = new Cell<Standing | null>(null);
  readonly #host = new Cell<HostState | null>(null);
  readonly #apps = new Cell<readonly App[]>([]);
  readonly #client: RoomDoor;
  readonly #socket: EventSocket;
  #resumable = false;
  #entering = false; // asked for an entry, and no snapshot has come since

  constructor(client: RoomDoor, room: Id, env?: SocketEnvironment) {
    this.room = room;
    this.#client = client;
    const handler: Handler = {
      hello: () => this.#hello(),
      receive: (message, answer) =>
        this.#receive(message as RoomEvent | Entry | HostChanged | Reactions | Mine | AppsChanged | Noticed, answer),
    };
    this.#socket = new EventSocket(client, handler, env);
  }

  /** null until the first snapshot. Kept while reconnecting, and at the end. */
  get state(): Readable<RoomState | null> {
    return this.#state;
  }

  get status(): Readable<StreamStatus> {
    return this.#socket.status;
  }

  /** Each event, after {@link state} has taken it in. */
  get events(): Subscribable<RoomEvent> {
    return this.#events;
  }

  /** What people show without a word; at most one a second. */
  get reactions(): Subscribable<Reactions> {
    return this.#reactions;
  }

  /** Something of this person's own has changed, perhaps on another of their devices. */
  get mine(): Subscribable<void> {
    return this.#mine;
  }

  /** What this person is told of, in this room or of others. */
  get notices(): Subscribable<Noticed> {
    return this.#notices;
  }

  /** The entry that actions have to name; null while this node hosts the room itself. */
  get entry(): Readable<Entry | null> {
    return this.#entry;
  }

  /** What signed actions name: the nonce of the entry, or of the snapshot where this node hosts the room itself. */
  get standing(): Readable<Standing | null> {
    return this.#standing;
  }

  /** How the room's host stands; null until the node says something of it. */
  get host(): Readable<HostState | null> {
    return this.#host;
  }

  /** Other programs of this person's: those that are connected, and those that may come. */
  get apps(): Readable<readonly App[]> {
    return this.#apps;
  }

  /** Enters the room. */
  open(): void {
    this.#socket.open();
  }

  /** Closes the connection: the audience leaves at once by it, a place on the stage is held for 60 s. */
  close(): void {
    this.#socket.close();
  }

  /** This person is about to leave by an action, after which the node closes the connection. */
  expectEnd(): void {
    this.#socket.expectEnd();
  }

  /** Something else says that the network is gone: looks whether the connection still stands. */
  probe(): Promise<void> {
    return this.#socket.probe();
  }

  #hello(): { room: Id; run?: string; since?: number } {
    this.#entering = false;
    this.#host.set(null); // the node says it anew
    this.#apps.set([]); // and this
    const state = this.#state.value;
    return { room: this.room, ...(state && this.#resumable && { run: state.run, since: state.n }) };
  }

  #receive(event: RoomEvent | Entry | HostChanged | Reactions | Mine | AppsChanged | Noticed, answer: Answer): Verdict {
    if (event.type === "entry") return this.#enter(event, answer);
    if (event.type === "host") return this.#hear(event);
    if (event.type === "apps") return this.#list(event);
    if (event.type === "reactions" || event.type === "mine" || event.type === "notice") {
      if (event.type === "mine") this.#mine.emit();
      else if (event.type === "notice") this.#notices.emit(event);
      else this.#reactions.emit(event);
      return this.#state.value === null ? "wait" : "live";
    }
    if (event.type !== "snapshot") {
      const n = this.#state.value?.n;
      if (n !== undefined && event.n <= n) return "live"; // said twice
      if (n === undefined || event.n !== n + 1) {
        this.#resumable = false;
        return "again";
      }
    }
    this.#resumable = true;
    this.#state.set(reduce(this.#state.value, event));
    if (event.type === "snapshot") {
      if (event.nonce !== undefined) this.#standing.set({ nonce: event.nonce, abroad: false });
      this.#arrive(event.room);
    }
    this.#events.emit(event);
    return event.type === "ended" ? "ended" : "live";
  }

  /** Signs the way in, unless the room has moved on before the signature is there. */
  #enter(entry: Entry, answer: Answer): Verdict {
    if (entry.room !== this.room) return "again"; // nobody asked to go there
    this.#entering = true;
    this.#entry.set(entry);
    this.#standing.set({ nonce: entry.nonce, abroad: true });
    const signed = this.#client.rooms.signEntry(entry);
    answer(signed.then((enter) => (this.#entry.value === entry ? { type: "enter", enter } : null)));
    return "wait";
  }

  #hear({ state, host, epoch }: HostChanged): Verdict {
    this.#host.set({ state, host, epoch });
    return this.#state.value === null ? "wait" : "live";
  }

  #list({ apps }: AppsChanged): Verdict {
    this.#apps.set(apps);
    return this.#state.value === null ? "wait" : "live";
  }

  /** A snapshot is the room at the host that was entered, or at this node, where nothing needs to be signed. */
  #arrive(room: Room): void {
    const entry = this.#entry.value;
    if (entry === null) return;
    if (room.host === entry.home) this.#entry.set(null);
    if (this.#entering && this.#host.value !== null) {
      this.#host.set({ state: "live", host: room.host, epoch: room.epoch });
    }
    this.#entering = false;
  }
}

/** The live rooms, as they change. */
export class HallwayStream {
  readonly #rooms = new Cell<readonly Room[] | null>(null);
  readonly #upcoming = new Cell<readonly Scheduled[]>([]);
  readonly #notices = new Emitter<Noticed>();
  readonly #mine = new Emitter<void>();
  readonly #socket: EventSocket;

  constructor(client: Door, env?: SocketEnvironment) {
    const receive = (message: { type: string }) => {
      if (message.type === "mine") this.#mine.emit();
      if (message.type === "hallway") {
        const hallway = message as unknown as { rooms: Room[]; upcoming?: Scheduled[] };
        this.#upcoming.set(hallway.upcoming ?? []);
        this.#rooms.set(hallway.rooms);
      }
      if (message.type === "notice") this.#notices.emit(message as unknown as Noticed);
      return "live" as const;
    };
    this.#socket = new EventSocket(client, { hello: () => ({}), receive }, env);
  }

  /** null until the first list. Kept while reconnecting. */
  get rooms(): Readable<readonly Room[] | null> {
    return this.#rooms;
  }

  /** The next rooms that are planned. */
  get upcoming(): Readable<readonly Scheduled[]> {
    return this.#upcoming;
  }

  /** What this person is told of: rooms that open, people who come on a stage, planned rooms that begin. */
  get notices(): Subscribable<Noticed> {
    return this.#notices;
  }

  /** Something of this person's own has changed, perhaps on another of their devices. */
  get mine(): Subscribable<void> {
    return this.#mine;
  }

  get status(): Readable<StreamStatus> {
    return this.#socket.status;
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    this.#socket.close();
  }
}
