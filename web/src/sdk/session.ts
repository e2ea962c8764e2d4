import createClient from "openapi-fetch";
import type { paths } from "./api.gen";
import { Cell, type Readable } from "./emitter";
import { ProblemError, refusal } from "./errors";
import { ask, type Answer, type RequestOptions } from "./http";
import type { Signer } from "./identity";
import { newSeed, signerOfSeed } from "./seed";
import { RefusedError, sign, type Body } from "./statement";
import type { Did, Id } from "./types";

/** The prefix of every path of the API. */
export const base = "/api/v1";

/** Seconds for which a session statement may be used. */
const sessionStatementLife = 120;

/** A session as a browser keeps it. */
export interface KeptSession {
  /** Whose it is. */
  did: Did;
  token: string;
  /** Whether its member has ended it from elsewhere. */
  ended: boolean;
}

/**
 * Where a browser keeps its session, so that all its pages are one, also after a reload: people see their browsers among
 * their sessions, not their tabs. What is kept is worth as much as the session: the node forgets it after 12 h without use.
 */
export interface SessionKeep {
  /** What is kept; null for nothing. */
  load(): KeptSession | null;
  save(session: KeptSession | null): void;
  /** Does something while no other page of this browser does the same. */
  alone<T>(what: () => Promise<T>): Promise<T>;
}

/** How a {@link Session} speaks. */
export interface SessionOptions {
  /** Instead of the browser's. */
  fetch?: (request: Request) => Promise<Response>;
  /** For the sentences of errors: "en" (without it) or "fr". */
  language?: string;
  /** For somebody who only listens, in this room, under a key made for it: the room's events and sound are all there is. */
  guest?: Id;
  /** What the signer sees among their sessions: one line of at most 60 characters. */
  program?: string;
  /** Where the session outlives the page. Without it every page opens one of its own. */
  sessions?: SessionKeep;
}

/**
 * A signer's session on a node, which opens and renews itself: every question to the node goes through here. The node
 * keeps sessions in memory only, so a restarted node asks for a new one.
 */
export class Session {
  readonly origin: string;
  /** For the sentences of errors. */
  language: string;
  readonly api: ReturnType<typeof createClient<paths>>;
  readonly #guest: Id | null; // where a guest listens
  #signer: Signer | null = null;
  readonly #program: string | undefined;
  readonly #keep: SessionKeep | null;
  readonly #ended = new Cell(false);
  #opening: Promise<string> | null = null; // the token, once it is open
  #token: string | null = null; // of #opening, once it is open
  #ahead = 0; // milliseconds by which the node's clock is ahead of this device's

  constructor(origin: string, options: SessionOptions) {
    this.origin = new URL(origin).origin;
    this.language = options.language ?? "en";
    this.#guest = options.guest ?? null;
    this.#program = options.program;
    this.#keep = options.sessions ?? null;
    this.api = createClient<paths>({ baseUrl: this.origin + base, fetch: options.fetch ?? globalThis.fetch });
  }

  /** Whoever acts. Another one ends the session of the one before, on this side. */
  get signer(): Signer | null {
    return this.#signer;
  }

  set signer(signer: Signer | null) {
    if (signer?.did !== this.#signer?.did) this.#opening = this.#token = null;
    this.#signer = signer;
    this.#ended.set(this.#kept()?.ended ?? false);
  }

  /** Whoever acts, who must be known. */
  requireSigner(): Signer {
    if (this.#signer === null) throw refusal("session-required", this.language);
    return this.#signer;
  }

  /** Whether the signer has ended this session from another of theirs. No other is opened then until {@link signIn}. */
  get ended(): Readable<boolean> {
    return this.#ended;
  }

  /** Goes on after the session was ended from elsewhere. */
  signIn(): void {
    this.forget();
    this.#ended.set(false);
  }

  /** Forgets the session. */
  forget(): void {
    this.#opening = this.#token = null;
    this.#keep?.save(null);
  }

  /** The token of a session, which is opened when there is none. */
  async token(): Promise<string> {
    if (this.#ended.value) throw refusal("session-ended", this.language);
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      return (this.#token = await opening);
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
  }

  /** Forgets a token that the node does not take any more. The next question opens a new session. */
  dropToken(token: string): void {
    if (this.#token === token) this.#opening = this.#token = null;
    if (this.#kept()?.token === token) this.#keep?.save(null);
  }

  /** Notes that the signer ended a session from elsewhere: see {@link ended}. */
  noteEnded(token: string): void {
    const did = this.#signer?.did;
    if (did === undefined || this.#token !== token) return;
    this.#opening = this.#token = null;
    this.#keep?.save({ did, token, ended: true });
    this.#ended.set(true);
  }

  /** Ends the session on the node as well. */
  async signOut(): Promise<void> {
    const token = this.#token ?? this.#kept()?.token;
    if (token === undefined) return;
    this.dropToken(token);
    await this.ask((init) => this.api.DELETE("/sessions", init), token);
  }

  /** A question that needs no session, or names its own. */
  ask<T>(request: (options: RequestOptions) => Promise<Answer<T>>, token: string | null = null, signal?: AbortSignal): Promise<T> {
    return ask(this.language, token, request, signal);
  }

  /** A question by the signer, whose session is renewed once if the node has forgotten it. */
  async asMember<T>(request: (options: RequestOptions) => Promise<Answer<T>>, signal?: AbortSignal): Promise<T> {
    const token = await this.token();
    try {
      return await this.ask(request, token, signal);
    } catch (error) {
      if (error instanceof ProblemError && error.code === "session-ended") this.noteEnded(token);
      if (!(error instanceof ProblemError && error.code === "session-required")) throw error;
      this.dropToken(token);
      return this.ask(request, await this.token(), signal);
    }
  }

  /** A statement by the signer, or by somebody else. */
  async sign(body: Body, by: Signer = this.requireSigner()): Promise<string> {
    try {
      return await sign(body, by);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // The one claim that people write themselves is the name.
      throw refusal(body.kind === "profile" ? "text-invalid" : error.reason, this.language);
    }
  }

  /** The node's clock, Unix milliseconds; this device's until the node was asked something. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** The node's clock as statements have it. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  setClock(now: number): void {
    this.#ahead = now - Date.now();
  }

  /** The session that this browser keeps for the signer. */
  #kept(): KeptSession | null {
    const kept = this.#keep?.load() ?? null;
    return kept?.did === this.#signer?.did ? kept : null;
  }

  /** The session that another page of this browser has opened, or else a new one. */
  async #open(): Promise<string> {
    if (this.#guest !== null) this.#signer ??= await signerOfSeed(newSeed());
    const member = this.requireSigner();
    const keep = this.#keep;
    if (keep === null) return this.#new(member);
    return keep.alone(async () => {
      const kept = this.#kept();
      if (kept?.ended === true) {
        this.#ended.set(true);
        throw refusal("session-ended", this.language);
      }
      if (kept !== null) return kept.token;
      const token = await this.#new(member);
      if (this.#signer?.did !== member.did) { // forgotten meanwhile: it is nobody's
        await this.ask((init) => this.api.DELETE("/sessions", init), token);
        throw refusal("session-required", this.language);
      }
      keep.save({ did: member.did, token, ended: false });
      return token;
    });
  }

  async #new(member: Signer): Promise<string> {
    const challenge = await this.ask((init) => this.api.POST("/sessions/challenge", init));
    this.setClock(challenge.now);
    const iat = this.seconds();
    const claims = {
      aud: challenge.node,
      iat,
      exp: iat + sessionStatementLife,
      origin: this.origin,
      nonce: challenge.nonce,
    };
    const session = await this.sign({ kind: "session", claims }, member);
    if (this.#guest !== null) {
      const options = { params: { path: { id: this.#guest } }, body: { session } };
      return (await this.ask((init) => this.api.POST("/rooms/{id}/guests", { ...init, ...options }))).token;
    }
    const body = { session, ...(this.#program !== undefined && { program: this.#program }) };
    return (await this.ask((init) => this.api.POST("/sessions", { ...init, body }))).token;
  }
}
