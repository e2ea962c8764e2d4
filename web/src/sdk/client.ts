import createClient from "openapi-fetch";
import type { ActPlace } from "./acts";
import type { components, paths } from "./api.gen";
import { Cell, type Readable } from "./emitter";
import { ProblemError, refusal } from "./errors";
import { delegateLife, founding } from "./founding";
import { ask, type Answer, type RequestOptions } from "./http";
import type { Signer } from "./identity";
import { inviteLink } from "./links";
import { Own } from "./own";
import { roomClaims, Schedules, type Speaker } from "./schedules";
import { newSeed, signerOfSeed } from "./seed";
import type { SessionKeep } from "./sessions";
import { commitmentOf, newText, RefusedError, sign, type Body } from "./statement";
import { tidy } from "./text";
import type {
  Action,
  App,
  Ask,
  Asking,
  Audience,
  Checkup,
  Community,
  Did,
  Direction,
  Entry,
  Founding,
  Id,
  Invite,
  InvitePreview,
  Invites,
  Me,
  Member,
  NewApp,
  Node,
  NoticeList,
  NoticeSettings,
  PushSubscriptionInfo,
  People,
  PersonRelation,
  Profile,
  Relation,
  Room,
  RoomLog,
  RoomWish,
  Rules,
  Settings,
} from "./types";

/** The prefix of every path of the API. */
const base = "/api/v1";

/** Seconds for which a session statement may be used. */
const sessionStatementLife = 120;

const day = 86_400;

/** Seconds for which a member lends their voice to another program. */
const lendLife = 12 * 3600;

/** How a {@link Client} speaks. */
export interface ClientOptions {
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

/** What one says of oneself. Empty parts are left out; `picture` is the digest of one that the node has. */
export interface ProfileWish {
  name: string;
  bio: string;
  links: readonly string[];
  topics: readonly string[];
  languages: readonly string[];
  picture: string | null;
}

/** An invite just made. The link holds its secret and is known nowhere else: it cannot be had again. */
export interface CreatedInvite {
  invite: Invite;
  link: string;
}

/**
 * One node, and one member's session on it. Every method rejects with a {@link ProblemError} when the node refuses and
 * with an {@link OfflineError} when it cannot be reached. Sessions open and renew themselves: the node keeps them in
 * memory only, so a restarted node asks for a new one.
 */
export class Client {
  readonly origin: string;
  /** For the sentences of errors. */
  language: string;
  /** What is planned. */
  readonly schedules: Schedules;
  /** The signer's data and sessions, and the founder's nodes. */
  readonly own: Own;
  readonly #api: ReturnType<typeof createClient<paths>>;
  readonly #speaker: Speaker;
  readonly #guest: Id | null; // where a guest listens
  #signer: Signer | null = null;
  readonly #program: string | undefined;
  readonly #keep: SessionKeep | null;
  readonly #ended = new Cell(false);
  #session: Promise<string> | null = null; // the token, once it is open
  #token: string | null = null; // of #session, once it is open
  #node: Node | null = null; // as last heard of
  #ahead = 0; // milliseconds by which the node's clock is ahead of this device's

  constructor(origin: string, options: ClientOptions = {}) {
    this.origin = new URL(origin).origin;
    this.language = options.language ?? "en";
    this.#guest = options.guest ?? null;
    this.#program = options.program;
    this.#keep = options.sessions ?? null;
    this.#api = createClient<paths>({ baseUrl: this.origin + base, fetch: options.fetch ?? globalThis.fetch });
    this.#speaker = {
      api: this.#api,
      origin: this.origin,
      asMember: (request, signal) => this.#asMember(request, signal),
      sign: (body) => this.#sign(body, this.#requireSigner()),
      founded: () => this.#founded(),
      seconds: () => this.#seconds(),
    };
    this.schedules = new Schedules(this.#speaker, (wish) => this.createRoom(wish));
    this.own = new Own(this.#speaker, () => this.#forgetSession());
  }

  /** Whoever acts. Another one ends the session of the one before, on this side. */
  get signer(): Signer | null {
    return this.#signer;
  }

  set signer(signer: Signer | null) {
    if (signer?.did !== this.#signer?.did) this.#session = this.#token = null;
    this.#signer = signer;
    this.#ended.set(this.#kept()?.ended ?? false);
  }

  /** The node's clock, Unix milliseconds; this device's until the node was asked something. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** The address of the node's WebSocket. */
  get eventsURL(): string {
    return `${this.origin.replace(/^http/, "ws")}${base}/events`;
  }

  /** What is behind this address. Needs no session. */
  async node(): Promise<Node> {
    const node = await this.#ask((init) => this.#api.GET("/node", init));
    this.#setClock(node.now);
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
    const root = this.#requireSigner();
    const node = await this.node();
    const name = newText(tidy(wish.communityName));
    const said = founding(root.did, node.node, await commitmentOf(name), this.#seconds());
    const body = {
      secret: wish.ownerSecret,
      name,
      delegate: await this.#sign(said.delegate, root),
      rules: await this.#sign(said.rules, root),
      profile: await this.#profile(root, root.did, wish.name),
    };
    return this.#once(["founded-already", "owner-link-stale"], () =>
      this.#ask((init) => this.#api.POST("/found", { ...init, body })),
    );
  }

  /** Who invites, and to where. Rejects for an invite that cannot be used any more. Needs no session. */
  invitePreview(id: Id): Promise<InvitePreview> {
    return this.#ask((init) => this.#api.GET("/invites/{id}", { ...init, params: { path: { id } } }));
  }

  /** Becomes a member. It may be repeated when it is not known whether it arrived (OfflineError). */
  async join(wish: { inviteId: Id; seed: Uint8Array; name: string }): Promise<Member> {
    const member = this.#requireSigner();
    const aud = (await this.#founded()).community.id;
    const redeem = await this.#sign(
      { kind: "redeem", claims: { aud, invite: wish.inviteId, sub: member.did } },
      await signerOfSeed(wish.seed),
    );
    const body = {
      join: await this.#sign({ kind: "join", claims: { aud, iat: this.#seconds(), redeem } }, member),
      profile: await this.#profile(member, aud, wish.name),
    };
    return this.#once(["member-already", "invite-used"], () =>
      this.#ask((init) => this.#api.POST("/join", { ...init, body })),
    );
  }

  /** Whether the signer has ended this session from another of theirs. No other is opened then until {@link signIn}. */
  get ended(): Readable<boolean> {
    return this.#ended;
  }

  /** Goes on after the session was ended from elsewhere. */
  signIn(): void {
    this.#forgetSession();
    this.#ended.set(false);
  }

  #forgetSession(): void {
    this.#session = this.#token = null;
    this.#keep?.save(null);
  }

  /** The token of a session, which is opened when there is none. */
  async token(): Promise<string> {
    if (this.#ended.value) throw refusal("session-ended", this.language);
    this.#session ??= this.#openSession();
    const opening = this.#session;
    try {
      return (this.#token = await opening);
    } catch (error) {
      if (this.#session === opening) this.#session = null;
      throw error;
    }
  }

  /** Forgets a token that the node does not take any more. The next request opens a new session. */
  dropToken(token: string): void {
    if (this.#token === token) this.#session = this.#token = null;
    if (this.#kept()?.token === token) this.#keep?.save(null);
  }

  /** Notes that the signer ended a session from elsewhere: see {@link ended}. */
  noteEnded(token: string): void {
    const did = this.#signer?.did;
    if (did === undefined || this.#token !== token) return;
    this.#session = this.#token = null;
    this.#keep?.save({ did, token, ended: true });
    this.#ended.set(true);
  }

  /** Ends the session on the node as well. */
  async signOut(): Promise<void> {
    const token = this.#token ?? this.#kept()?.token;
    if (token === undefined) return;
    this.dropToken(token);
    await this.#ask((init) => this.#api.DELETE("/sessions", init), token);
  }

  /** What the node holds on the signer. Rejects with member-unknown when they are no member. */
  me(): Promise<Me> {
    return this.#asMember((init) => this.#api.GET("/me", init));
  }

  /** How the node is run, for its founder. Its sentences are in the client's language. */
  checkup(): Promise<Checkup> {
    return this.#asMember((init) => this.#api.GET("/checkup", init));
  }

  /** Offers an audio connection that carries nothing, for the founder to see whether it comes about. Returns the answer. */
  testMedia(offer: string): Promise<string> {
    return this.#asMember((init) =>
      this.#api.POST("/checkup/media", {
        ...init,
        params: { query: { srtp: "gcm" } },
        headers: { ...init.headers, "Content-Type": "application/sdp" },
        body: offer,
        bodySerializer: (sdp) => sdp,
        parseAs: "text",
      }),
    );
  }

  /**
   * Makes another node one of the community's, or renews the word for one that is: for a year. Only the founder may. The
   * delegate that it returns is for {@link adopt}, which tells that node.
   */
  async addNode(sub: Did): Promise<string> {
    const root = this.#requireSigner();
    const aud = (await this.#founded()).community.id;
    const iat = this.#seconds();
    // The time as order is above all earlier ones, and no other device need know which those are.
    const claims = { aud, iat, exp: iat + 365 * day, sub, order: Math.floor(this.now()) };
    const delegate = await this.#sign({ kind: "delegate", claims }, root);
    await this.#asMember((init) => this.#api.POST("/nodes", { ...init, body: { delegate } }));
    return delegate;
  }

  /** Makes this node, which has no community, one more of the founder's who signed the delegate. */
  adopt(wish: { secret: string; delegate: string; peers: string[] }): Promise<Node> {
    return this.#ask((init) => this.#api.POST("/adopt", { ...init, body: wish }));
  }

  /** What the signer has given away and may still give. */
  invites(): Promise<Invites> {
    return this.#asMember((init) => this.#api.GET("/invites", init));
  }

  /**
   * Spends a slot on a new invite, which lasts `days` or as long as the rules allow, and makes its link. With a room,
   * whoever joins ends up there. The note, for whom it is, is shown to its author alone. Rejects with invite-none when no slot is left.
   */
  async createInvite(wish: { days?: number; room?: Id; note?: string } = {}): Promise<CreatedInvite> {
    const author = this.#requireSigner();
    const { community } = await this.#founded();
    const [slot] = (await this.invites()).slots;
    if (!slot) throw refusal("invite-none", this.language);
    const seed = newSeed();
    const { did: key } = await signerOfSeed(seed);
    const iat = this.#seconds();
    const life = Math.min(wish.days === undefined ? Infinity : wish.days * day, community.rules.invite_life);
    const note = wish.note === undefined || tidy(wish.note) === "" ? null : newText(tidy(wish.note));
    const claims = {
      ...{ aud: community.id, iat, exp: iat + Math.floor(life), key, ...slot },
      ...(note && { note: await commitmentOf(note) }),
    };
    const body = { invite: await this.#sign({ kind: "invite", claims }, author), ...(note && { note }) };
    const invite = await this.#asMember((init) => this.#api.POST("/invites", { ...init, body }));
    return { invite, link: inviteLink(this.origin, { invite: invite.id, seed, room: wish.room ?? null }) };
  }

  /** Takes a pending invite back. Its slot is free again. */
  async revokeInvite(id: Id): Promise<Invite> {
    const author = this.#requireSigner();
    const aud = (await this.#founded()).community.id;
    const revoke = await this.#sign({ kind: "revoke", claims: { aud, iat: this.#seconds(), sub: id } }, author);
    return this.#asMember((init) =>
      this.#api.POST("/invites/{id}/revoke", { ...init, params: { path: { id } }, body: { revoke } }),
    );
  }

  /** Joins by nobody's invite. The answer is that they wait, or, where the door is open, that they have joined. */
  async ask(wish: { name: string; message: string }): Promise<Ask> {
    const asker = this.#requireSigner();
    const aud = (await this.#founded()).community.id;
    const message = tidy(wish.message);
    const body = {
      join: await this.#sign({ kind: "join", claims: { aud, iat: this.#seconds() } }, asker),
      profile: await this.#profile(asker, aud, wish.name),
      ...(message !== "" && { message }),
    };
    return this.#ask((init) => this.#api.POST("/asks", { ...init, body }));
  }

  /** How a request to join stands. Needs no session. */
  asked(id: Id): Promise<Ask> {
    return this.#ask((init) => this.#api.GET("/asks/{id}", { ...init, params: { path: { id } } }));
  }

  /** The requests that wait for a steward's answer. */
  async asks(): Promise<Asking[]> {
    return (await this.#asMember((init) => this.#api.GET("/asks", init))).asks;
  }

  /** Lets in who asked: the signer, a steward, is their sponsor. */
  async approve({ id, member }: Asking): Promise<Member> {
    const steward = this.#requireSigner();
    const aud = (await this.#founded()).community.id;
    const claims = { aud, iat: this.#seconds(), sub: member.key, join: id };
    const approve = await this.#sign({ kind: "approve", claims }, steward);
    return this.#asMember((init) =>
      this.#api.POST("/asks/{id}/approve", { ...init, params: { path: { id } }, body: { approve } }),
    );
  }

  /** Refuses who asked. */
  async decline(id: Id): Promise<void> {
    await this.#asMember((init) => this.#api.POST("/asks/{id}/decline", { ...init, params: { path: { id } } }));
  }

  /**
   * Puts other rules into force, for the founder. They are made from the rules that the founder was shown: if others have
   * come into force since, it rejects with rules-stale.
   */
  async changeRules(shown: Rules, change: Partial<Rules>, communityName: string): Promise<Community> {
    const founder = this.#requireSigner();
    const name = newText(tidy(communityName));
    const claims = { ...shown, ...change, order: shown.order + 1, iat: this.#seconds(), name: await commitmentOf(name) };
    const body = { rules: await this.#sign({ kind: "rules", claims }, founder), name };
    return this.#asMember((init) => this.#api.POST("/rules", { ...init, body }));
  }

  /** Makes the nodes whose time is more than half over nodes for another year, for the founder. */
  async renewNodes({ nodes, order }: Founding): Promise<void> {
    const founder = this.#requireSigner();
    const due = nodes.filter((node) => node.expires - this.now() < (delegateLife * 1000) / 2);
    for (const [i, { node: sub }] of due.entries()) {
      const iat = this.#seconds();
      const claims = { aud: founder.did, iat, exp: iat + delegateLife, sub, order: order + i };
      const delegate = await this.#sign({ kind: "delegate", claims }, founder);
      await this.#asMember((init) => this.#api.POST("/nodes", { ...init, body: { delegate } }));
    }
  }

  /** The live rooms. */
  async rooms(): Promise<Room[]> {
    return (await this.#asMember((init) => this.#api.GET("/rooms", init))).rooms;
  }

  /** Opens a room, of which the signer is the first moderator. */
  async createRoom(wish: RoomWish): Promise<Room> {
    const { title, claims } = await roomClaims(this.#speaker, wish);
    const { entry, chosen = [], schedule } = wish;
    const create = await this.#speaker.sign({ kind: "create", claims: { ...claims, ...(schedule !== undefined && { schedule }) } });
    const body = { create, title, ...(entry === "chosen" && { chosen: [...chosen] }) };
    return this.#asMember((init) => this.#api.POST("/rooms", { ...init, body }));
  }

  /** One room, also one that has ended. */
  room(id: Id): Promise<Room> {
    return this.#asMember((init) => this.#api.GET("/rooms/{id}", { ...init, params: { path: { id } } }));
  }

  /** A public room as somebody sees it who is no member. Of any other the refusal says why not. Needs no session. */
  door(id: Id): Promise<Room> {
    return this.#ask((init) => this.#api.GET("/rooms/{id}/door", { ...init, params: { path: { id } } }));
  }

  /** Whom the moderators of a room chose, for one of them. */
  async chosen(id: Id): Promise<Member[]> {
    return (await this.#asMember((init) => this.#api.GET("/rooms/{id}/chosen", { ...init, params: { path: { id } } }))).people;
  }

  /** A page of the people who listen, or of those of them whose names hold a text, whatever its accents and capitals. */
  audience(id: Id, page: { offset?: number; limit?: number } = {}, name = ""): Promise<Audience> {
    const params = { path: { id }, query: { ...page, ...(name !== "" && { q: name }) } };
    return this.#asMember((init) => this.#api.GET("/rooms/{id}/audience", { ...init, params }));
  }

  /** A page of the members of the community whose names hold a text, whatever its accents and capitals. */
  people(query = "", page: { offset?: number; limit?: number } = {}): Promise<People> {
    const params = { query: { q: query, ...page } };
    return this.#asMember((init) => this.#api.GET("/people", { ...init, params }));
  }

  /** Somebody's profile. For somebody of another community, `from` is a node that knows them. */
  person(key: Did, from: Did | null = null): Promise<Profile> {
    const params = { path: { key }, query: from === null ? {} : { from } };
    return this.#asMember((init) => this.#api.GET("/people/{key}", { ...init, params }));
  }

  /** Where a picture is, for an image of the page: always this node, which fetches what another one has. */
  pictureURL(digest: string): string {
    return `${this.origin}${base}/pictures/${digest}`;
  }

  /** Replaces what the signer says of themselves. A new picture is sent before. */
  async setProfile(wish: ProfileWish, picture: Blob | null = null): Promise<Member> {
    const member = this.#requireSigner();
    const { community } = await this.#founded();
    const digest = picture === null ? wish.picture : await this.#sendPicture(picture);
    const bio = tidy(wish.bio);
    const claims = {
      aud: community.id,
      iat: this.#seconds(),
      name: tidy(wish.name),
      ...(bio !== "" && { bio }),
      ...(wish.links.length > 0 && { links: [...wish.links] }),
      ...(wish.topics.length > 0 && { topics: [...wish.topics] }),
      ...(wish.languages.length > 0 && { langs: [...wish.languages] }),
      ...(digest !== null && { picture: digest }),
    };
    const profile = await this.#sign({ kind: "profile", claims }, member);
    return this.#asMember((init) => this.#api.POST("/me/profile", { ...init, body: { profile } }));
  }

  async #sendPicture(picture: Blob): Promise<string> {
    const { digest } = await this.#asMember((init) =>
      this.#api.POST("/me/picture", {
        ...init,
        headers: { ...init.headers, "Content-Type": picture.type },
        body: picture as unknown as string,
        bodySerializer: (blob) => blob as unknown as Blob,
      }),
    );
    return digest;
  }

  /** What the signer wants of their node, on all of their devices. */
  settings(): Promise<Settings> {
    return this.#asMember((init) => this.#api.GET("/me/settings", init));
  }

  /** Replaces it. */
  setSettings(body: Settings): Promise<Settings> {
    return this.#asMember((init) => this.#api.POST("/me/settings", { ...init, body }));
  }

  /** What the signer was told in the last days, the newest first. */
  notices(): Promise<NoticeList> {
    return this.#asMember((init) => this.#api.GET("/me/notices", init));
  }

  /** Marks some as read, by their numbers. */
  readNotices(notices: number[]): Promise<NoticeList> {
    return this.#asMember((init) => this.#api.POST("/me/notices/read", { ...init, body: { notices } }));
  }

  /** What the signer wants to be told. */
  noticeSettings(): Promise<NoticeSettings> {
    return this.#asMember((init) => this.#api.GET("/me/notices/settings", init));
  }

  /** Replaces it. */
  setNoticeSettings(body: NoticeSettings): Promise<NoticeSettings> {
    return this.#asMember((init) => this.#api.POST("/me/notices/settings", { ...init, body }));
  }

  /** The key with which a browser subscribes to what comes while the page is closed. */
  async pushKey(): Promise<string> {
    return (await this.#asMember((init) => this.#api.GET("/me/push", init))).key;
  }

  /** Has what the signer is told sent to this browser, too. */
  async subscribe(body: PushSubscriptionInfo): Promise<void> {
    await this.#asMember((init) => this.#api.POST("/me/push", { ...init, body }));
  }

  /** Ends that. */
  async unsubscribe(endpoint: string): Promise<void> {
    await this.#asMember((init) => this.#api.POST("/me/push/remove", { ...init, body: { endpoint } }));
  }

  /** Whom the signer follows, blocks, or hears otherwise than as they are. Nobody else sees it. */
  async relations(): Promise<PersonRelation[]> {
    return (await this.#asMember((init) => this.#api.GET("/me/people", init))).people;
  }

  /** Replaces what the signer has with somebody. */
  setRelation(key: Did, body: Relation): Promise<Relation> {
    const options = { params: { path: { key } }, body };
    return this.#asMember((init) => this.#api.POST("/me/people/{key}", { ...init, ...options }));
  }

  /** Signs the way into a room that another node hosts, as the node's event of type entry asks. */
  async signEntry({ room: aud, epoch, home, host, nonce }: Entry): Promise<string> {
    const claims = { aud, iat: this.#seconds(), epoch, home, host, nonce };
    return this.#sign({ kind: "enter", claims }, this.#requireSigner());
  }

  /**
   * Does something in a room. What it changed arrives as events. Where another node hosts the room, the action is signed
   * at its place among the person's acts there.
   */
  async act(room: Id, action: Action, place: ActPlace | null = null): Promise<void> {
    const body = actionBody(action);
    const signed = place && { act: await this.#signAct(room, body, place) };
    const options = { params: { path: { id: room } }, body: { ...body, ...signed }, keepalive: true };
    await this.#asMember((init) => this.#api.POST("/rooms/{id}/actions", { ...init, ...options }));
  }

  async #signAct(aud: Id, action: ActionBody, { nonce, n }: ActPlace): Promise<string> {
    const signer = this.#requireSigner();
    const { type, target, question = "", duration, switch: position, reason, reaction, entry } = action;
    const claims = {
      ...{ aud, iat: this.#seconds(), nonce, n, do: type, sub: target ?? signer.did, question },
      ...(reaction !== undefined && { reaction }),
      ...(duration !== undefined && { duration }),
      ...(reason !== undefined && { reason: await commitmentOf(reason) }),
      ...(position !== undefined && { switch: position }),
      ...(entry !== undefined && { entry }),
    };
    return this.#sign({ kind: "act", claims }, signer);
  }

  /** What moderators did in a room one is in, and whom they keep out. */
  roomLog(id: Id): Promise<RoomLog> {
    return this.#asMember((init) => this.#api.GET("/rooms/{id}/log", { ...init, params: { path: { id } } }));
  }

  /** Offers audio to a room. Returns the node's answer, and the name of the connection for {@link closeMedia}. */
  offerMedia(room: Id, offer: string): Promise<{ answer: string; leg: string }> {
    return this.#asMember(async (init) => {
      const { data, error, response } = await this.#api.POST("/rooms/{id}/media", {
        ...init,
        // Browsers take the better cipher only when it is offered alone.
        params: { path: { id: room }, query: { srtp: "gcm" } },
        headers: { ...init.headers, "Content-Type": "application/sdp" },
        body: offer,
        bodySerializer: (sdp) => sdp,
        parseAs: "text",
      });
      if (data === undefined) return { error, response };
      const [leg = ""] = (response.headers.get("Location") ?? "").split("/").slice(-1);
      return { data: { answer: data, leg: decodeURIComponent(leg) }, response };
    });
  }

  /**
   * Lets another program into a room, by WHIP to speak or by WHEP to listen. To speak, the member's own node may open
   * their microphone for it: they say so by a statement, for whichever node hosts the room.
   */
  async createApp(room: Id, direction: Direction): Promise<NewApp> {
    const body = direction === "speak" ? { direction, lend: await this.#lend(room) } : { direction };
    const params = { path: { id: room } };
    const made = await this.#asMember((init) => this.#api.POST("/rooms/{id}/apps", { ...init, params, body }));
    return { app: made.app, token: made.token, url: this.origin + made.path };
  }

  /** The member's programs in a room. */
  async apps(room: Id): Promise<App[]> {
    return (await this.#asMember((init) => this.#api.GET("/rooms/{id}/apps", { ...init, params: { path: { id: room } } })))
      .apps;
  }

  /** Ends a program's token, and its connection. */
  async revokeApp(room: Id, app: string): Promise<void> {
    const params = { path: { id: room, app } };
    await this.#asMember((init) => this.#api.DELETE("/rooms/{id}/apps/{app}", { ...init, params }));
  }

  async #lend(aud: Id): Promise<string> {
    const { node: home } = await this.knownNode();
    const iat = this.#seconds();
    return this.#sign({ kind: "lend", claims: { aud, iat, exp: iat + lendLife, home } }, this.#requireSigner());
  }

  /** Closes an audio connection. */
  async closeMedia(room: Id, leg: string): Promise<void> {
    const options = { params: { path: { id: room, leg } }, keepalive: true };
    await this.#asMember((init) => this.#api.DELETE("/rooms/{id}/media/{leg}", { ...init, ...options }));
  }

  /** A question that needs no session, or names its own. */
  #ask<T>(request: (options: RequestOptions) => Promise<Answer<T>>, token: string | null = null, signal?: AbortSignal): Promise<T> {
    return ask(this.language, token, request, signal);
  }

  /** A question by the signer, whose session is renewed once if the node has forgotten it. */
  async #asMember<T>(request: (options: RequestOptions) => Promise<Answer<T>>, signal?: AbortSignal): Promise<T> {
    const token = await this.token();
    try {
      return await this.#ask(request, token, signal);
    } catch (error) {
      if (error instanceof ProblemError && error.code === "session-ended") this.noteEnded(token);
      if (!(error instanceof ProblemError && error.code === "session-required")) throw error;
      this.dropToken(token);
      return this.#ask(request, await this.token(), signal);
    }
  }

  /** The session that this browser keeps for the signer. */
  #kept(): ReturnType<SessionKeep["load"]> {
    const kept = this.#keep?.load() ?? null;
    return kept?.did === this.#signer?.did ? kept : null;
  }

  /** The session that another page of this browser has opened, or else a new one. */
  async #openSession(): Promise<string> {
    if (this.#guest !== null) this.#signer ??= await signerOfSeed(newSeed());
    const member = this.#requireSigner();
    const keep = this.#keep;
    if (keep === null) return this.#newSession(member);
    return keep.alone(async () => {
      const kept = this.#kept();
      if (kept?.ended === true) {
        this.#ended.set(true);
        throw refusal("session-ended", this.language);
      }
      if (kept !== null) return kept.token;
      const token = await this.#newSession(member);
      keep.save({ did: member.did, token, ended: false });
      return token;
    });
  }

  async #newSession(member: Signer): Promise<string> {
    const challenge = await this.#ask((init) => this.#api.POST("/sessions/challenge", init));
    this.#setClock(challenge.now);
    const iat = this.#seconds();
    const claims = {
      aud: challenge.node,
      iat,
      exp: iat + sessionStatementLife,
      origin: this.origin,
      nonce: challenge.nonce,
    };
    const session = await this.#sign({ kind: "session", claims }, member);
    if (this.#guest !== null) {
      const options = { params: { path: { id: this.#guest } }, body: { session } };
      return (await this.#ask((init) => this.#api.POST("/rooms/{id}/guests", { ...init, ...options }))).token;
    }
    const body = { session, ...(this.#program !== undefined && { program: this.#program }) };
    return (await this.#ask((init) => this.#api.POST("/sessions", { ...init, body }))).token;
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

  async #sign(body: Body, signer: Signer): Promise<string> {
    try {
      return await sign(body, signer);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // The one claim that people write themselves is the name.
      throw refusal(body.kind === "profile" ? "text-invalid" : error.reason, this.language);
    }
  }

  #profile(member: Signer, aud: Did, name: string): Promise<string> {
    return this.#sign({ kind: "profile", claims: { aud, iat: this.#seconds(), name: tidy(name) } }, member);
  }

  /** The node, which must have a community. */
  async #founded(): Promise<{ node: Did; community: Community }> {
    const known = await this.knownNode();
    const { node, community } = known.community ? known : await this.node();
    if (!community) throw refusal("founded-not", this.language);
    return { node, community };
  }

  #requireSigner(): Signer {
    if (this.#signer === null) throw refusal("session-required", this.language);
    return this.#signer;
  }

  #setClock(now: number): void {
    this.#ahead = now - Date.now();
  }

  /** The node's clock as statements have it. */
  #seconds(): number {
    return Math.floor(this.now() / 1000);
  }
}

type ActionBody = components["schemas"]["Action"];

/** An action as the node takes it. */
function actionBody(action: Action): ActionBody {
  if (action.type === "raise_hand" && action.question) return { ...action, question: tidy(action.question) };
  return action.type === "remove" ? { ...action, reason: newText(tidy(action.reason)) } : action;
}
