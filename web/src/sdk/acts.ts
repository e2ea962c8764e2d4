import type { Readable } from "./emitter";
import { ProblemError } from "./errors";
import type { Rooms } from "./rooms";
import { isCommandType, type Action, type Id } from "./types";

/** Where an act stands among those of one entry: the host takes each number only above the last. */
export interface ActPlace {
  nonce: string;
  n: number;
}

/** The entry in force: the nonce that the host gave for it, and whether another node than this one is the host. */
export interface Standing {
  nonce: string;
  abroad: boolean;
}

/**
 * What one person does in one room. Moderators' commands are signed and numbered under the entry in force, and where
 * another node hosts the room every action is; and since the host takes the numbers in rising order only, a signed action
 * waits until the one before is answered.
 */
export class Acts {
  readonly #rooms: Pick<Rooms, "act">;
  readonly #room: Id;
  readonly #standing: Readable<Standing | null>;
  #last: ActPlace = { nonce: "", n: 0 };
  #turn: Promise<void> = Promise.resolve();

  constructor(rooms: Pick<Rooms, "act">, room: Id, standing: Readable<Standing | null>) {
    this.#rooms = rooms;
    this.#room = room;
    this.#standing = standing;
  }

  /** Does something. Rejects as {@link Rooms.act} does. */
  do(action: Action): Promise<void> {
    if (!this.#signs(action)) return this.#rooms.act(this.#room, action);
    const done = this.#turn.then(() => this.#signed(action));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #signs(action: Action): boolean {
    const standing = this.#standing.value;
    return standing !== null && (standing.abroad || isCommandType(action.type));
  }

  async #signed(action: Action): Promise<void> {
    const standing = this.#standing.value;
    if (standing === null || !this.#signs(action)) return this.#rooms.act(this.#room, action);
    try {
      await this.#rooms.act(this.#room, action, this.#next(standing.nonce));
    } catch (error) {
      const replayed = error instanceof ProblemError && error.code === "act-replayed";
      if (!replayed || this.#standing.value?.nonce === standing.nonce) throw error;
      await this.#signed(action); // the room has moved meanwhile, and its new host has not seen the action
    }
  }

  #next(nonce: string): ActPlace {
    const n = this.#last.nonce === nonce ? this.#last.n + 1 : 1;
    return (this.#last = { nonce, n });
  }
}
