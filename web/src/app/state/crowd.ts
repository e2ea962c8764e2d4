import { signal, type ReadonlySignal } from "@preact/signals";
import type { Audience, Person } from "../../sdk";

/** A part of the audience that is asked for. */
export interface PageWish {
  query: string;
  offset: number;
  limit: number;
}

/** The audience as far as it is known: places are from 0, in the order of entering. */
export interface CrowdView {
  /** What was looked for; empty: everybody. */
  query: string;
  /** How many there are; null until the node has said how many fit. */
  count: number | null;
  at: (place: number) => Person | undefined;
}

/** As many as the node gives at once. */
const pageSize = 200;

/** Milliseconds after which a page in sight is asked for again, if the audience has changed. */
const freshFor = 5_000;

interface Page {
  people: readonly Person[];
  asked: number;
  /** How often the audience had changed then. */
  change: number;
}

/**
 * The audience of a room, of which only what is looked at is asked for: a room of ten thousand costs no more than one of
 * fifty. The room itself keeps the first places up to date; the other ones in sight are asked for again while people come
 * and go.
 */
export class Crowd {
  readonly #ask: (wish: PageWish) => Promise<Audience>;
  readonly #now: () => number;
  readonly #view = signal<CrowdView>({ query: "", count: 0, at: () => undefined });
  readonly #pages = new Map<number, Page>();
  readonly #flying = new Set<number>();
  #first: readonly Person[] = []; // as the room says
  #total = 0; // likewise
  #query = "";
  #found: number | null = null; // how many fit the query
  #sight = { from: 0, to: 0 };
  #change = 0;

  constructor(ask: (wish: PageWish) => Promise<Audience>, now: () => number = Date.now) {
    this.#ask = ask;
    this.#now = now;
  }

  get view(): ReadonlySignal<CrowdView> {
    return this.#view;
  }

  /** The room has said who its audience is now. */
  hear({ count, people }: Audience): void {
    if (people === this.#first && count === this.#total) return;
    this.#first = people;
    this.#total = count;
    this.#change++;
    this.#show();
    this.#fill();
  }

  /** Looks for those whose names hold a text; for everybody with none. */
  search(query: string): void {
    if (query === this.#query) return;
    this.#query = query;
    this.#found = null;
    this.#pages.clear();
    this.#flying.clear();
    this.#sight = { from: 0, to: 1 };
    this.#show();
    this.#fill();
  }

  /** These places are in sight, up to but not with the last. */
  see(from: number, to: number): void {
    this.#sight = { from, to };
    this.#fill();
  }

  get #count(): number | null {
    return this.#query === "" ? this.#total : this.#found;
  }

  #at(place: number): Person | undefined {
    if (this.#query === "" && place < this.#first.length) return this.#first[place];
    return this.#pages.get(Math.floor(place / pageSize))?.people[place % pageSize];
  }

  #show(): void {
    this.#view.value = { query: this.#query, count: this.#count, at: (place) => this.#at(place) };
  }

  /** Asks for what is in sight and not known, or no longer true. */
  #fill(): void {
    const { from, to } = this.#sight;
    const end = Math.min(to, this.#count ?? 1);
    const begin = this.#query === "" ? Math.max(from, this.#first.length) : from;
    if (begin >= end) return;
    for (let n = Math.floor(begin / pageSize); n * pageSize < end; n++) {
      const page = this.#pages.get(n);
      const fresh = page !== undefined && (page.change === this.#change || this.#now() - page.asked < freshFor);
      if (!fresh && !this.#flying.has(n)) void this.#fetch(n);
    }
  }

  async #fetch(n: number): Promise<void> {
    const query = this.#query;
    const page = { asked: this.#now(), change: this.#change };
    this.#flying.add(n);
    // Without an answer the places stay empty; they are asked for again when the audience has changed.
    const answer = await this.#ask({ query, offset: n * pageSize, limit: pageSize }).catch(() => null);
    if (query !== this.#query) return;
    this.#flying.delete(n);
    this.#pages.set(n, { ...page, people: answer?.people ?? this.#pages.get(n)?.people ?? [] });
    if (query !== "" && answer !== null) this.#found = answer.count;
    this.#show();
  }
}
