import { roomClaims } from "./rooms";
import type { Speaker } from "./speaker";
import type { Text } from "./statement";
import type { Did, Id, PlanWish, Room, RoomWish, Scheduled, ScheduleRepeat } from "./types";

/** The rooms that are planned, and the calendars that read them: a part of a client. */
export class Schedules {
  readonly #speaker: Speaker;
  readonly #open: (wish: RoomWish) => Promise<Room>;

  constructor(speaker: Speaker, open: (wish: RoomWish) => Promise<Room>) {
    this.#speaker = speaker;
    this.#open = open;
  }

  /** All of them, the next one first. */
  async list(): Promise<Scheduled[]> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/schedules", init))).schedules;
  }

  /** One of them, also one that is over or was called off a while ago. */
  get(id: Id): Promise<Scheduled> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/schedules/{id}", { ...init, params: { path: { id } } }));
  }

  /** Plans a room. Its link is that of its id. */
  async plan(wish: PlanWish): Promise<Scheduled> {
    const { api, asMember } = this.#speaker;
    const body = await this.#signed(wish, { state: "planned", n: 0 });
    return asMember((init) => api.POST("/schedules", { ...init, body }));
  }

  /** Replaces what is planned, as it was known. Rejects with schedule-stale when it has been changed since. */
  change(known: Scheduled, wish: PlanWish): Promise<Scheduled> {
    return this.#replace(known, wish, "planned");
  }

  /** Calls off one date of what comes again: that which the repetition has on a day. */
  cancelDate(known: Scheduled, day: string): Promise<Scheduled> {
    return this.#except(known, day, { day });
  }

  /** Has one date take place at another time, on the wall of the zone of what is planned. */
  moveDate(known: Scheduled, day: string, start: string): Promise<Scheduled> {
    return this.#except(known, day, { day, start });
  }

  /** Undoes that a date was called off or moved. */
  restoreDate(known: Scheduled, day: string): Promise<Scheduled> {
    return this.#except(known, day, null);
  }

  /** Calls a planned room off, for good. */
  cancel(known: Scheduled): Promise<Scheduled> {
    return this.#replace(known, wishOf(known), "cancelled");
  }

  /**
   * Opens a planned room, from ten minutes before its time on. Its link leads into it. Those who may open it moderate it
   * when they come, for whoever opens it appoints them; where only chosen people may enter, they are among them.
   */
  open(known: Scheduled): Promise<Room> {
    const { moderators: openers, chosen = [], ...wish } = wishOf(known);
    const people = new Set([known.author.key, ...openers, ...chosen]);
    const moderators = [known.author.key, ...openers].filter((key) => key !== this.#speaker.signer().did);
    return this.#open({ ...wish, moderators, chosen: [...people], schedule: known.id });
  }

  /** Has the signer reminded so many seconds before each date of a planned room; null ends that. */
  async remind(id: Id, before: number | null): Promise<void> {
    const { api, asMember } = this.#speaker;
    const options = { params: { path: { id } } };
    await asMember((init) =>
      before === null
        ? api.DELETE("/schedules/{id}/reminder", { ...init, ...options })
        : api.POST("/schedules/{id}/reminder", { ...init, ...options, body: { before } }),
    );
  }

  /** A planned room as an iCalendar (RFC 5545). */
  file(id: Id): Promise<string> {
    const { api, asMember } = this.#speaker;
    return asMember((init) => api.GET("/schedules/{id}/calendar", { ...init, params: { path: { id } }, parseAs: "text" }));
  }

  /** Whether the signer has a link that a calendar can subscribe to. The link itself is told only once. */
  async isLinked(): Promise<boolean> {
    const { api, asMember } = this.#speaker;
    return (await asMember((init) => api.GET("/calendar", init))).linked;
  }

  /** Makes that link. An earlier one ends. */
  async link(): Promise<string> {
    const { api, asMember, origin } = this.#speaker;
    const { path } = await asMember((init) => api.POST("/calendar", init));
    return new URL(path, origin).href;
  }

  /** Ends it. */
  async unlink(): Promise<void> {
    const { api, asMember } = this.#speaker;
    await asMember((init) => api.DELETE("/calendar", init));
  }

  #except(known: Scheduled, day: string, exception: { day: string; start?: string } | null): Promise<Scheduled> {
    const wish = wishOf(known);
    const others = (wish.except ?? []).filter((one) => one.day !== day);
    const all = [...others, ...(exception === null ? [] : [exception])].sort((a, b) => (a.day < b.day ? -1 : 1));
    return this.change(known, { ...wish, except: all.slice(-mostExceptions) }); // the earliest are over
  }

  async #replace(known: Scheduled, wish: PlanWish, state: PlanState): Promise<Scheduled> {
    const { api, asMember } = this.#speaker;
    const { id } = known;
    const body = await this.#signed(wish, { state, n: known.n + 1, of: id });
    return asMember((init) => api.POST("/schedules/{id}", { ...init, params: { path: { id } }, body }));
  }

  async #signed(wish: PlanWish, rest: { state: PlanState; n: number; of?: Id }): Promise<SignedPlan> {
    const { title, claims } = await roomClaims(this.#speaker, wish);
    const { start, zone, duration, repeat, except = [], moderators } = wish;
    const body = {
      ...{ ...claims, start, zone, duration },
      ...(repeat !== null && { repeat, ...(except.length > 0 && { except: [...except] }) }),
      ...(moderators.length > 0 && { moderators: [...moderators] }),
      ...rest,
    };
    const schedule = await this.#speaker.sign({ kind: "schedule", claims: body });
    return { schedule, title, ...(wish.entry === "chosen" && { chosen: [...(wish.chosen ?? [])] }) };
  }
}

/** As many as a statement may name. */
const mostExceptions = 24;

type PlanState = "planned" | "cancelled";

/** A plan as the node takes it. The people chosen are in no statement. */
interface SignedPlan {
  schedule: string;
  title: Text;
  chosen?: Did[];
}

/** What is planned, as it would be planned anew. */
export function wishOf(known: Scheduled): PlanWish {
  const { title, topics, language, entry, start, zone, duration, repeat, except = [], openers, chosen = [] } = known;
  const { dates = 0, ...rule } = repeat ?? {};
  return {
    ...{ title, topics, language, entry, start, zone, duration },
    // The node writes that there is no number of dates as 0, and a statement as nothing.
    repeat: repeat === undefined ? null : ({ ...rule, ...(dates > 0 && { dates }) } as ScheduleRepeat),
    except: except.map(({ day, start: moved }) => ({ day, ...(moved !== undefined && { start: moved }) })),
    moderators: openers.map(({ key }) => key),
    chosen: chosen.map(({ key }) => key),
  };
}
