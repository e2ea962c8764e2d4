import { delegateLife } from "./founding";
import type { Speaker } from "./speaker";
import { commitmentOf, newText } from "./statement";
import { tidy } from "./text";
import type { Checkup, Community, Did, Founding, Node, Rules } from "./types";

/** What only a founder does: how the node is run, which nodes are the community's, and its rules. A part of a client. */
export class Founder {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** How the node is run. Its sentences are in the client's language. */
  checkup(): Promise<Checkup> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/checkup", init));
  }

  /** Offers an audio connection that carries nothing, to see whether it comes about. Returns the answer. */
  testMedia(offer: string): Promise<string> {
    const { api, asMember } = this.#speaker;
    return asMember((init) =>
      api.POST("/checkup/media", {
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
   * Makes another node one of the community's, or renews the word for one that is: for a year. The delegate
   * that it returns is for {@link adopt}, which tells that node.
   */
  async addNode(sub: Did): Promise<string> {
    const { api, asMember, founded, now, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const iat = seconds();
    // The time as order is above all earlier ones, and no other device need know which those are.
    const claims = { aud, iat, exp: iat + delegateLife, sub, order: Math.floor(now()) };
    const delegate = await sign({ kind: "delegate", claims });
    await asMember((init) => api.POST("/nodes", { ...init, body: { delegate } }));
    return delegate;
  }

  /**
   * Takes the founder's word for another node back: what it has written so far goes on to count, and nothing that it
   * writes from then on.
   */
  async withdrawNode(node: Did): Promise<void> {
    const { api, asMember, founded, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const at = { params: { path: { node } } };
    const { delegates, upto } = await asMember((init) => api.GET("/nodes/{node}/withdrawal", { ...init, ...at }));
    const revokes: string[] = [];
    for (const sub of delegates) {
      const claims = { aud, iat: seconds(), sub, ...(upto.length > 0 && { upto }) };
      revokes.push(await sign({ kind: "revoke", claims }));
    }
    await asMember((init) => api.POST("/nodes/{node}/withdrawal", { ...init, ...at, body: { revokes } }));
  }

  /** Makes this node, which has no community, one more of the founder's who signed the delegate. */
  adopt(wish: { secret: string; delegate: string; peers: string[] }): Promise<Node> {
    const { api, ask } = this.#speaker;
    return ask((init) => api.POST("/adopt", { ...init, body: wish }));
  }

  /**
   * Puts other rules into force. They are made from the rules that the founder was shown: if others have
   * come into force since, it rejects with rules-stale.
   */
  async changeRules(shown: Rules, change: Partial<Rules>, communityName: string): Promise<Community> {
    const { api, asMember, seconds, sign } = this.#speaker;
    const name = newText(tidy(communityName));
    const claims = { ...shown, ...change, order: shown.order + 1, iat: seconds(), name: await commitmentOf(name) };
    const body = { rules: await sign({ kind: "rules", claims }), name };
    return asMember((init) => api.POST("/rules", { ...init, body }));
  }

  /** Makes the nodes whose time is more than half over nodes for another year. */
  async renewNodes({ nodes, order }: Founding): Promise<void> {
    const { api, asMember, now, seconds, sign, signer } = this.#speaker;
    const aud = signer().did;
    const due = nodes.filter((node) => node.expires - now() < (delegateLife * 1000) / 2);
    for (const [i, { node: sub }] of due.entries()) {
      const iat = seconds();
      const claims = { aud, iat, exp: iat + delegateLife, sub, order: order + i };
      const delegate = await sign({ kind: "delegate", claims });
      await asMember((init) => api.POST("/nodes", { ...init, body: { delegate } }));
    }
  }
}
