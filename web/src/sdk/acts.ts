import type { Client } from "./client";
import type { Readable } from "./emitter";
import { ProblemError } from "./errors";
import type { Action, Entry, Id } from "./types";

/** Where an act stands among those of one entry: the host takes each number only above the last. */
export interface ActPlace {
  nonce: string;
  n: number;
}

/**
 * What one person does in one room. Where another node hosts it, every action is signed and numbered under the entry in
 * force; and since the host takes the numbers in rising order only, an action waits until the one before is answered.
 */
export class Acts {
  readonly #client: Pick<Client, "act">;
  readonly #room: Id;
  readonly #entry: Readable<Entry | null>;
  #last: ActPlace = { nonce: "", n: 0 };
  #turn: Promise<void> = Promise.resolve();

  constructor(client: Pick<Client, "act">, room: Id, entry: Readable<Entry | null>) {
    this.#client = client;
    this.#room = room;
    this.#entry = entry;
  }

  /** Does something. Rejects as {@link Client.act} does. */
  do(action: Action): Promise<void> {
    if (this.#entry.value === null) return this.#client.act(this.#room, action);
    const done = this.#turn.then(() => this.#signed(action));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #signed(action: Action): Promise<void> {
    const entry = this.#entry.value;
    if (entry === null) return this.#client.act(this.#room, action);
    try {
      await this.#client.act(this.#room, action, this.#next(entry.nonce));
    } catch (error) {
      const replayed = error instanceof ProblemError && error.code === "act-replayed";
      if (!replayed || this.#entry.value === entry) throw error;
      await this.#signed(action); // the room has moved meanwhile, and its new host has not seen the action
    }
  }

  #next(nonce: string): ActPlace {
    const n = this.#last.nonce === nonce ? this.#last.n + 1 : 1;
    return (this.#last = { nonce, n });
  }
}
