import { inviteLink } from "./links";
import { newSeed, signerOfSeed } from "./seed";
import type { Speaker } from "./speaker";
import { commitmentOf, newText } from "./statement";
import { tidy } from "./text";
import type { Id, Invite, InvitePreview, Invites } from "./types";

const day = 86_400;

/** An invite just made. The link holds its secret and is known nowhere else: it cannot be had again. */
export interface CreatedInvite {
  invite: Invite;
  link: string;
}

/** What a member gives away: links by which others join. A part of a client. */
export class Invitations {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** Who invites, and to where. Rejects for an invite that cannot be used any more. Needs no session. */
  preview(id: Id): Promise<InvitePreview> {
    const { api, ask } = this.#speaker;
    return ask((init) => api.GET("/invites/{id}", { ...init, params: { path: { id } } }));
  }

  /** What the signer has given away and may still give. */
  list(): Promise<Invites> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/invites", init));
  }

  /**
   * Spends a slot on a new invite, which lasts `days` or as long as the rules allow, and makes its link. With a room,
   * whoever joins ends up there. The note, for whom it is, is shown to its author alone. Rejects with invite-none when no
   * slot is left.
   */
  async create(wish: { days?: number; room?: Id; note?: string } = {}): Promise<CreatedInvite> {
    const { api, asMember, founded, origin, refuse, seconds, sign } = this.#speaker;
    const { community } = await founded();
    const [slot] = (await this.list()).slots;
    if (!slot) throw refuse("invite-none");
    const seed = newSeed();
    const { did: key } = await signerOfSeed(seed);
    const iat = seconds();
    const life = Math.min(wish.days === undefined ? Infinity : wish.days * day, community.rules.invite_life);
    const note = wish.note === undefined || tidy(wish.note) === "" ? null : newText(tidy(wish.note));
    const claims = {
      ...{ aud: community.id, iat, exp: iat + Math.floor(life), key, ...slot },
      ...(note && { note: await commitmentOf(note) }),
    };
    const body = { invite: await sign({ kind: "invite", claims }), ...(note && { note }) };
    const invite = await asMember((init) => api.POST("/invites", { ...init, body }));
    return { invite, link: inviteLink(origin, { invite: invite.id, seed, room: wish.room ?? null }) };
  }

  /** Takes a pending invite back. Its slot is free again. */
  async revoke(id: Id): Promise<Invite> {
    const { api, asMember, founded, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const revoke = await sign({ kind: "revoke", claims: { aud, iat: seconds(), sub: id } });
    return asMember((init) => api.POST("/invites/{id}/revoke", { ...init, params: { path: { id } }, body: { revoke } }));
  }
}
