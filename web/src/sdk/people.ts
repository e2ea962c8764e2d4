import { base } from "./session";
import type { Speaker } from "./speaker";
import { tidy } from "./text";
import type { Did, Member, PeoplePage, PersonRelation, Profile, Relation } from "./types";

/** What one says of oneself. Empty parts are left out; `picture` is the digest of one that the node has. */
export interface ProfileWish {
  name: string;
  bio: string;
  links: readonly string[];
  topics: readonly string[];
  languages: readonly string[];
  picture: string | null;
}

/** The people of the community, what they say of themselves, and what the signer has with them. A part of a client. */
export class People {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** A page of the members of the community whose names hold a text, whatever its accents and capitals. */
  list(query = "", page: { offset?: number; limit?: number } = {}): Promise<PeoplePage> {
    const { api, asMember } = this.#speaker;
    const params = { query: { q: query, ...page } };
    return asMember((init) => api.GET("/people", { ...init, params }));
  }

  /** Somebody's profile. For somebody of another community, `from` is a node that knows them. */
  get(key: Did, from: Did | null = null): Promise<Profile> {
    const { api, asMember } = this.#speaker;
    const params = { path: { key }, query: from === null ? {} : { from } };
    return asMember((init) => api.GET("/people/{key}", { ...init, params }));
  }

  /** Where a picture is, for an image of the page: always this node, which fetches what another one has. */
  pictureURL(digest: string): string {
    return `${this.#speaker.origin}${base}/pictures/${digest}`;
  }

  /** Replaces what the signer says of themselves. A new picture is sent before. */
  async setProfile(wish: ProfileWish, picture: Blob | null = null): Promise<Member> {
    const { api, asMember, founded, seconds, sign } = this.#speaker;
    const { community } = await founded();
    const digest = picture === null ? wish.picture : await this.#sendPicture(picture);
    const bio = tidy(wish.bio);
    const claims = {
      aud: community.id,
      iat: seconds(),
      name: tidy(wish.name),
      ...(bio !== "" && { bio }),
      ...(wish.links.length > 0 && { links: [...wish.links] }),
      ...(wish.topics.length > 0 && { topics: [...wish.topics] }),
      ...(wish.languages.length > 0 && { langs: [...wish.languages] }),
      ...(digest !== null && { picture: digest }),
    };
    const profile = await sign({ kind: "profile", claims });
    return asMember((init) => api.POST("/me/profile", { ...init, body: { profile } }));
  }

  async #sendPicture(picture: Blob): Promise<string> {
    const { api, asMember } = this.#speaker;
    const { digest } = await asMember((init) =>
      api.POST("/me/picture", {
        ...init,
        headers: { ...init.headers, "Content-Type": picture.type },
        body: picture as unknown as string,
        bodySerializer: (blob) => blob as unknown as Blob,
      }),
    );
    return digest;
  }

  /** Whom the signer follows, blocks, or hears otherwise than as they are. Nobody else sees it. */
  async relations(): Promise<PersonRelation[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/me/people", init))).people;
  }

  /** Replaces what the signer has with somebody. */
  setRelation(key: Did, body: Relation): Promise<Relation> {
    const { api, asMember } = this.#speaker;
    const options = { params: { path: { key } }, body };
    return asMember((init) => api.POST("/me/people/{key}", { ...init, ...options }));
  }
}

/** What somebody says of themselves when they become a member. */
export function firstProfile({ seconds, sign }: Speaker, aud: Did, name: string): Promise<string> {
  return sign({ kind: "profile", claims: { aud, iat: seconds(), name: tidy(name) } });
}
