import { firstProfile } from "./people";
import type { Speaker } from "./speaker";
import { tidy } from "./text";
import type { Ask, Asking, Id, Member } from "./types";

/** Joining by nobody's invite: one side asks, a steward of the community answers. A part of a client. */
export class Asks {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** Joins by nobody's invite. The answer is that they wait, or, where the door is open, that they have joined. */
  async send(wish: { name: string; message: string }): Promise<Ask> {
    const { api, ask, founded, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const message = tidy(wish.message);
    const body = {
      join: await sign({ kind: "join", claims: { aud, iat: seconds() } }),
      profile: await firstProfile(this.#speaker, aud, wish.name),
      ...(message !== "" && { message }),
    };
    return ask((init) => api.POST("/asks", { ...init, body }));
  }

  /** How a request to join stands. Needs no session. */
  state(id: Id): Promise<Ask> {
    const { api, ask } = this.#speaker;
    return ask((init) => api.GET("/asks/{id}", { ...init, params: { path: { id } } }));
  }

  /** The requests that wait for a steward's answer. */
  async list(): Promise<Asking[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/asks", init))).asks;
  }

  /** Lets in who asked: the signer, a steward, is their sponsor. */
  async approve({ id, member }: Asking): Promise<Member> {
    const { api, asMember, founded, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const claims = { aud, iat: seconds(), sub: member.key, join: id };
    const approve = await sign({ kind: "approve", claims });
    return asMember((init) => api.POST("/asks/{id}/approve", { ...init, params: { path: { id } }, body: { approve } }));
  }

  /** Refuses who asked. */
  async decline(id: Id): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.POST("/asks/{id}/decline", { ...init, params: { path: { id } } }));
  }
}
