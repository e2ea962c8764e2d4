import { Asks } from "./asks";
import type { Readable } from "./emitter";
import { ProblemError, refusal } from "./errors";
import { Founder } from "./founder";
import { founding } from "./founding";
import type { Signer } from "./identity";
import { Invitations } from "./invitations";
import { Notices } from "./notices";
import { Own } from "./own";
import { firstProfile, People } from "./people";
import { Rooms } from "./rooms";
import { Schedules } from "./schedules";
import { signerOfSeed } from "./seed";
import { base, Session, type SessionOptions } from "./session";
import type { Speaker } from "./speaker";
import { commitmentOf, newText } from "./statement";
import { tidy } from "./text";
import type { Community, Did, Id, Me, Member, Node } from "./types";

/** How a {@link Client} speaks. */
export type ClientOptions = SessionOptions;

/**
 * One node, and one member's session on it. Every method rejects with a {@link ProblemError} when the node refuses and
 * with an {@link OfflineError} when it cannot be reached. Sessions open and renew themselves. What is asked of a node once
 * one is a member stands in the parts, each by its subject.
 */
export class Client {
  readonly origin: string;
  readonly rooms: Rooms;
  readonly schedules: Schedules;
  readonly invites: Invitations;
  readonly asks: Asks;
  readonly people: People;
  readonly notices: Notices;
  readonly own: Own;
  readonly founder: Founder;
  readonly #session: Session;
  readonly #speaker: Speaker;
  #node: Node | null = null; // as last heard of

  constructor(origin: string, options: ClientOptions = {}) {
    const session = new Session(origin, options);
    this.origin = session.origin;
    this.#session = session;
    this.#speaker = {
      api: session.api,
      origin: session.origin,
      ask: (request, token, signal) => session.ask(request, token, signal),
      asMember: (request, signal) => session.asMember(request, signal).catch((error: unknown) => this.#retimed(error)),
      signer: () => session.requireSigner(),
      sign: (body, by) => session.sign(body, by),
      knownNode: () => this.knownNode(),
      founded: () => this.#founded(),
      refuse: (code) => refusal(code, session.language),
      now: () => session.now(),
      seconds: () => session.seconds(),
    };
    this.rooms = new Rooms(this.#speaker);
    this.schedules = new Schedules(this.#speaker, (wish) => this.rooms.create(wish));
    this.invites = new Invitations(this.#speaker);
    this.asks = new Asks(this.#speaker);
    this.people = new People(this.#speaker);
    this.notices = new Notices(this.#speaker);
    this.own = new Own(this.#speaker, () => session.forget());
    this.founder = new Founder(this.#speaker);
  }

  /** For the sentences of errors. */
  get language(): string {
    return this.#session.language;
  }

  set language(language: string) {
    this.#session.language = language;
  }

  /** Whoever acts. Another one ends the session of the one before, on this side. */
  get signer(): Signer | null {
    return this.#session.signer;
  }

  set signer(signer: Signer | null) {
    this.#session.signer = signer;
  }

  /** The node's clock, Unix milliseconds; this device's until the node was asked something. */
  now(): number {
    return this.#session.now();
  }

  /** The address of the node's WebSocket. */
  get eventsURL(): string {
    return `${this.origin.replace(/^http/, "ws")}${base}/events`;
  }

  /** What is behind this address. Needs no session. */
  async node(): Promise<Node> {
    const { api, ask } = this.#speaker;
    const node = await ask((init) => api.GET("/node", init));
    this.#session.setClock(node.now);
    this.#node = node;
    return node;
  }

  /** What {@link node} said last; asked now if it never was. */
  async knownNode(): Promise<Node> {
    return this.#node ?? this.node();
  }

  /**
   * Founds the community: the signer's key becomes its root. It may be repeated when it is not known whether it arrived
   * (OfflineError): a founder who is one already is told so by success.
   */
  async found(wish: { ownerSecret: string; communityName: string; name: string }): Promise<Member> {
    const { api, ask, seconds, sign, signer } = this.#speaker;
    const root = signer().did;
    const node = await this.node();
    const name = newText(tidy(wish.communityName));
    const said = founding(root, node.node, await commitmentOf(name), seconds());
    const body = {
      secret: wish.ownerSecret,
      name,
      delegate: await sign(said.delegate),
      rules: await sign(said.rules),
      profile: await firstProfile(this.#speaker, root, wish.name),
    };
    return this.#once(["founded-already", "owner-link-stale"], () => ask((init) => api.POST("/found", { ...init, body })));
  }

  /** Becomes a member. It may be repeated when it is not known whether it arrived (OfflineError). */
  async join(wish: { inviteId: Id; seed: Uint8Array; name: string }): Promise<Member> {
    const { api, ask, seconds, sign, signer } = this.#speaker;
    const sub = signer().did;
    const aud = (await this.#founded()).community.id;
    const invited = await signerOfSeed(wish.seed);
    const redeem = await sign({ kind: "redeem", claims: { aud, invite: wish.inviteId, sub } }, invited);
    const body = {
      join: await sign({ kind: "join", claims: { aud, iat: seconds(), redeem } }),
      profile: await firstProfile(this.#speaker, aud, wish.name),
    };
    return this.#once(["member-already", "invite-used"], () => ask((init) => api.POST("/join", { ...init, body })));
  }

  /** What the node holds on the signer. Rejects with member-unknown when they are no member. */
  me(): Promise<Me> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/me", init));
  }

  /** Whether the signer has ended this session from another of theirs. No other is opened then until {@link signIn}. */
  get ended(): Readable<boolean> {
    return this.#session.ended;
  }

  /** Goes on after the session was ended from elsewhere. */
  signIn(): void {
    this.#session.signIn();
  }

  /** The token of a session, which is opened when there is none. */
  token(): Promise<string> {
    return this.#session.token();
  }

  /** Forgets a token that the node does not take any more. The next request opens a new session. */
  dropToken(token: string): void {
    this.#session.dropToken(token);
  }

  /** Notes that the signer ended a session from elsewhere: see {@link ended}. */
  noteEnded(token: string): void {
    this.#session.noteEnded(token);
  }

  /** Ends the session on the node as well. */
  signOut(): Promise<void> {
    return this.#session.signOut();
  }

  /**
   * Does what can be done only once. If the node refuses it for a reason that may mean that it was done already, and the
   * signer is a member, then it was: the first answer was lost.
   */
  async #once(done: readonly string[], doIt: () => Promise<Member>): Promise<Member> {
    try {
      return await doIt();
    } catch (error) {
      if (!(error instanceof ProblemError && done.includes(error.code))) throw error;
      const me = await this.me().catch(() => null);
      if (me === null) throw error;
      return me.member;
    }
  }

  /** What a member's question failed with. Where the clock of this device was set since, the node's time is asked for again. */
  async #retimed(error: unknown): Promise<never> {
    const late = error instanceof ProblemError && (error.code === "statement-time" || error.code === "act-replayed");
    if (late) await this.node().catch(() => undefined);
    throw error;
  }

  /** The node, which must have a community. */
  async #founded(): Promise<{ node: Did; community: Community }> {
    const known = await this.knownNode();
    const { node, community } = known.community ? known : await this.node();
    if (!community) throw refusal("founded-not", this.language);
    return { node, community };
  }
}
