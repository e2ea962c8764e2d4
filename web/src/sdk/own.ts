import { ProblemError } from "./errors";
import { largeAnswer, longPatience } from "./large";
import type { Speaker } from "./speaker";
import type { OpenSession, Settings } from "./types";

/** What is the signer's own at a node: their data, what they want of it, and their sessions. A part of a client. */
export class Own {
  readonly #speaker: Speaker;
  readonly #forgetSession: () => void;

  constructor(speaker: Speaker, forgetSession: () => void) {
    this.#speaker = speaker;
    this.#forgetSession = forgetSession;
  }

  /** What the signer wants of their node, on all of their devices. */
  settings(): Promise<Settings> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/me/settings", init));
  }

  /** Replaces it. */
  setSettings(body: Settings): Promise<Settings> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.POST("/me/settings", { ...init, body }));
  }

  /** Where the signer is signed in at this node, used last first. */
  async sessions(): Promise<OpenSession[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/me/sessions", init))).sessions;
  }

  /** Ends one of the signer's sessions, with all that goes on in it. Whoever holds it is told. */
  async endSession(session: string): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.DELETE("/me/sessions/{session}", { ...init, params: { path: { session } } }));
  }

  /** Ends all of the signer's sessions but this one. */
  async endOtherSessions(): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.DELETE("/me/sessions", init));
  }

  /** Everything that the node holds on the signer: a zip archive. `progress` hears how many bytes have come. */
  async export(progress: (bytes: number) => void = () => undefined): Promise<Blob> {
    const { api, asMember } = this.#speaker;
    const large = largeAnswer(progress);
    return large.read(await asMember((init) => api.GET("/me/export", { ...init, parseAs: "stream" }), large.signal));
  }

  /**
   * Leaves the community for good: the node forgets all that it holds on the signer but their key and what refers to it.
   * Nobody can undo it. It may be repeated when it is not known whether it arrived (OfflineError).
   */
  async erase(): Promise<void> {
    const { api, asMember, founded, seconds, sign } = this.#speaker;
    const aud = (await founded()).community.id;
    const body = { erase: await sign({ kind: "erase", claims: { aud, iat: seconds() } }) };
    try {
      await asMember((init) => api.POST("/me/erase", { ...init, body }), longPatience());
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === "member-erased")) throw error; // the first answer was lost
    }
    this.#forgetSession();
  }
}
