import type { Speaker } from "./speaker";
import type { NoticeList, NoticeSettings, PushSubscriptionInfo } from "./types";

/** What the signer is told, in the page and while it is closed. A part of a client. */
export class Notices {
  readonly #speaker: Speaker;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** What the signer was told in the last days, the newest first. */
  list(): Promise<NoticeList> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/me/notices", init));
  }

  /** Marks some as read, by their numbers. */
  read(notices: number[]): Promise<NoticeList> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.POST("/me/notices/read", { ...init, body: { notices } }));
  }

  /** What the signer wants to be told. */
  settings(): Promise<NoticeSettings> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/me/notices/settings", init));
  }

  /** Replaces it. */
  setSettings(body: NoticeSettings): Promise<NoticeSettings> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.POST("/me/notices/settings", { ...init, body }));
  }

  /** The key with which a browser subscribes to what comes while the page is closed. */
  async pushKey(): Promise<string> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/me/push", init))).key;
  }

  /** Has what the signer is told sent to this browser, too. */
  async subscribe(body: PushSubscriptionInfo): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.POST("/me/push", { ...init, body }));
  }

  /** Ends that. */
  async unsubscribe(endpoint: string): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.POST("/me/push/remove", { ...init, body: { endpoint } }));
  }
}
