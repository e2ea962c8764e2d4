import { Cell, Emitter, type Readable, type Subscribable } from "./emitter";
import { reduce, type RoomState } from "./roomstate";
import { EventSocket, type Door, type Handler, type SocketEnvironment, type StreamStatus } from "./socket";
import type { Id, Room, RoomEvent } from "./types";

export type { StreamStatus } from "./socket";

/**
 * The events of one room, and its state. While it is open, this person is in the room: the node takes the connection for
 * their presence. After a loss it resumes with the last number it saw; a gap in the numbers starts over with a snapshot.
 */
export class RoomStream {
  readonly room: Id;
  readonly #state = new Cell<RoomState | null>(null);
  readonly #events = new Emitter<RoomEvent>();
  readonly #socket: EventSocket;
  #resumable = false;

  constructor(client: Door, room: Id, env?: SocketEnvironment) {
    this.room = room;
    const handler: Handler = {
      hello: () => ({ room, ...this.#position() }),
      receive: (message) => this.#receive(message as RoomEvent),
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

  #position(): { run: string; since: number } | undefined {
    const state = this.#state.value;
    return state && this.#resumable ? { run: state.run, since: state.n } : undefined;
  }

  #receive(event: RoomEvent): "live" | "again" | "ended" {
    const before = this.#state.value;
    if (event.type !== "snapshot") {
      if (before !== null && event.n <= before.n) return "live"; // said twice
      if (before === null || event.n !== before.n + 1) {
        this.#resumable = false;
        return "again";
      }
    }
    this.#resumable = true;
    this.#state.set(reduce(before, event));
    this.#events.emit(event);
    return event.type === "ended" ? "ended" : "live";
  }
}

/** The live rooms, as they change. */
export class HallwayStream {
  readonly #rooms = new Cell<readonly Room[] | null>(null);
  readonly #socket: EventSocket;

  constructor(client: Door, env?: SocketEnvironment) {
    const receive = (message: { type: string }) => {
      if (message.type === "hallway") this.#rooms.set((message as unknown as { rooms: Room[] }).rooms);
      return "live" as const;
    };
    this.#socket = new EventSocket(client, { hello: () => ({}), receive }, env);
  }

  /** null until the first list. Kept while reconnecting. */
  get rooms(): Readable<readonly Room[] | null> {
    return this.#rooms;
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
