import type { ActPlace } from "./acts";
import type { components } from "./api.gen";
import { encodeBase64url } from "./base64url";
import type { Speaker } from "./speaker";
import { commitmentOf, newText } from "./statement";
import { tidy } from "./text";
import type { Action, App, Audience, Direction, Entry, Id, Member, NewApp, Room, RoomLog, RoomWish } from "./types";

/** Seconds for which a member lends their voice to another program. */
const lendLife = 12 * 3600;

/** The live rooms, and what a person does in one. A part of a client. */
export class Rooms {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** The live rooms. */
  async list(): Promise<Room[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/rooms", init))).rooms;
  }

  /** Opens a room, of which the signer is the first moderator. */
  async create(wish: RoomWish): Promise<Room> {
    const { api, asMember, sign } = this.#speaker;
    const { title, claims } = await roomClaims(this.#speaker, wish);
    const { entry, chosen = [], schedule, moderators = [] } = wish;
    const plan = schedule !== undefined && { schedule, ...(moderators.length > 0 && { moderators: [...moderators] }) };
    const create = await sign({ kind: "create", claims: { ...claims, ...plan } });
    const body = { create, title, ...(entry === "chosen" && { chosen: [...chosen] }) };
    return asMember((init) => api.POST("/rooms", { ...init, body }));
  }

  /** One room, also one that has ended. */
  get(id: Id): Promise<Room> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/rooms/{id}", { ...init, params: { path: { id } } }));
  }

  /** A public room as somebody sees it who is no member. Of any other the refusal says why not. Needs no session. */
  door(id: Id): Promise<Room> {
    const { api, ask } = this.#speaker;
    return ask((init) => api.GET("/rooms/{id}/door", { ...init, params: { path: { id } } }));
  }

  /** Whom the moderators of a room chose, for one of them. */
  async chosen(id: Id): Promise<Member[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/rooms/{id}/chosen", { ...init, params: { path: { id } } }))).people;
  }

  /** A page of the people who listen, or of those of them whose names hold a text, whatever its accents and capitals. */
  audience(id: Id, page: { offset?: number; limit?: number } = {}, name = ""): Promise<Audience> {
    const { api, asMember } = this.#speaker;
    const params = { path: { id }, query: { ...page, ...(name !== "" && { q: name }) } };
    return asMember((init) => api.GET("/rooms/{id}/audience", { ...init, params }));
  }

  /** Signs the way into a room that another node hosts, as the node's event of type entry asks. */
  async signEntry({ room: aud, epoch, home, host, nonce }: Entry): Promise<string> {
    const { seconds, sign } = this.#speaker;
    const claims = { aud, iat: seconds(), epoch, home, host, nonce };
    return sign({ kind: "enter", claims });
  }

  /**
   * Does something in a room. What it changed arrives as events. Where another node hosts the room, the action is signed
   * at its place among the person's acts there.
   */
  async act(room: Id, action: Action, place: ActPlace | null = null): Promise<void> {
    const { api, asMember } = this.#speaker;
    const body = actionBody(action);
    const signed = place && { act: await this.#signAct(room, body, place) };
    const options = { params: { path: { id: room } }, body: { ...body, ...signed }, keepalive: true };
    await asMember((init) => api.POST("/rooms/{id}/actions", { ...init, ...options }));
  }

  async #signAct(aud: Id, action: ActionBody, { nonce, n }: ActPlace): Promise<string> {
    const { seconds, sign, signer } = this.#speaker;
    const { type, target, question = "", duration, switch: position, reason, reaction, entry } = action;
    const claims = {
      ...{ aud, iat: seconds(), nonce, n, do: type, sub: target ?? signer().did, question },
      ...(reaction !== undefined && { reaction }),
      ...(duration !== undefined && { duration }),
      ...(reason !== undefined && { reason: await commitmentOf(reason) }),
      ...(position !== undefined && { switch: position }),
      ...(entry !== undefined && { entry }),
    };
    return sign({ kind: "act", claims });
  }

  /** What moderators did in a room one is in, and whom they keep out. */
  log(id: Id): Promise<RoomLog> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/rooms/{id}/log", { ...init, params: { path: { id } } }));
  }

  /** Offers audio to a room. Returns the node's answer, and the name of the connection for {@link closeMedia}. */
  offerMedia(room: Id, offer: string): Promise<{ answer: string; leg: string }> {
    const { api, asMember } = this.#speaker;
    return asMember(async (init) => {
      const { data, error, response } = await api.POST("/rooms/{id}/media", {
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

  /** Closes an audio connection. */
  async closeMedia(room: Id, leg: string): Promise<void> {
    const { api, asMember } = this.#speaker;
    const options = { params: { path: { id: room, leg } }, keepalive: true };
    await asMember((init) => api.DELETE("/rooms/{id}/media/{leg}", { ...init, ...options }));
  }

  /**
   * Lets another program into a room, by WHIP to speak or by WHEP to listen. To speak, the member's own node may open
   * their microphone for it: they say so by a statement, for whichever node hosts the room.
   */
  async createApp(room: Id, direction: Direction): Promise<NewApp> {
    const { api, asMember, origin } = this.#speaker;
    const body = direction === "speak" ? { direction, lend: await this.#lend(room) } : { direction };
    const params = { path: { id: room } };
    const made = await asMember((init) => api.POST("/rooms/{id}/apps", { ...init, params, body }));
    return { app: made.app, token: made.token, url: origin + made.path };
  }

  /** The member's programs in a room. */
  async apps(room: Id): Promise<App[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/rooms/{id}/apps", { ...init, params: { path: { id: room } } }))).apps;
  }

  /** Ends a program's token, and its connection. */
  async revokeApp(room: Id, app: string): Promise<void> {
    const { api, asMember } = this.#speaker;
    const params = { path: { id: room, app } };
    await asMember((init) => api.DELETE("/rooms/{id}/apps/{app}", { ...init, params }));
  }

  async #lend(aud: Id): Promise<string> {
    const { knownNode, seconds, sign } = this.#speaker;
    const { node: home } = await knownNode();
    const iat = seconds();
    return sign({ kind: "lend", claims: { aud, iat, exp: iat + lendLife, home } });
  }
}

/** What the creation of a room and the plan of one say alike, and the title that they commit to. */
export async function roomClaims(speaker: Speaker, wish: RoomWish) {
  const { node, community } = await speaker.founded();
  const title = newText(tidy(wish.title));
  const claims = {
    aud: community.id,
    iat: speaker.seconds(),
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
    node,
    title: await commitmentOf(title),
    lang: wish.language,
    topics: wish.topics,
    entry: wish.entry ?? "members",
  };
  return { title, claims };
}

type ActionBody = components["schemas"]["Action"];

/** An action as the node takes it. */
function actionBody(action: Action): ActionBody {
  if (action.type === "raise_hand" && action.question) return { ...action, question: tidy(action.question) };
  return action.type === "remove" ? { ...action, reason: newText(tidy(action.reason)) } : action;
}
