import { commitmentOf, parse, type Statement } from "./statement";
import { isCommandType, type Did, type Id, type Order, type RoomDelta, type RoomEvent, type RoomSettings, type Snapshot } from "./types";

/**
 * What to make of a moderator's command, once its act is verified.
 *
 * - `proven`: signed by somebody whose authority leads back, act by act, to the creator who signed the create statement.
 * - `vouched`: rightly signed, by somebody who moderates because the room made them a moderator when no other was left, or
 *   because they did before this person came; or of an earlier time, brought along by a host. It rests on the host's word.
 * - `refused`: without an act, or with one of somebody else, for another room, person or action, said before, or by nobody
 *   who moderates. It must not be shown as what a moderator did.
 */
export type Verdict = "proven" | "vouched" | "refused";

type Act = Statement<"act">;

/** Why somebody moderates: how well that is proven, and who appointed them. */
interface Office {
  standing: "proven" | "vouched";
  by: Did | null;
}

/** Milliseconds that the time of an act may be off that of its event: what a host takes, and a minute for the way. */
const actSlack = 180_000;

/** How many entries' numbers are remembered. */
const maxActs = 4096;

/**
 * Verifies moderators' commands for somebody in a room. It begins with the first snapshot and takes every event in order,
 * each after the one before is settled; from then on it knows who moderates by what it saw, and not by what the host says
 * of a command. The node's package api has the same rules, held against the same examples (api/testdata/authority.json).
 */
export class Authority {
  readonly #room: Id;
  #creator: Did | null = null;
  #offices = new Map<Did, Office>();
  /** Whom the creator appointed with the opening, and nobody withdrew. */
  #named = new Set<Did>();
  #former = new Set<Did>();
  readonly #acts = new Map<string, number>();
  #last: Id | null = null;

  constructor(room: Id) {
    this.#room = room;
  }

  /** Takes in the next event. null: it is no moderator's command. */
  async take(event: RoomEvent): Promise<Verdict | null> {
    if (event.type === "snapshot") {
      await this.#begin(event);
      return null;
    }
    const by = byWhom(event);
    const verdict = by !== null || event.act !== undefined ? await this.#judge(event, by) : null;
    if (event.type === "stage_joined" && event.person.role === "moderator") this.#admit(event.person.key, this.#opened(event.person.key));
    if (event.type === "stage_left") {
      this.#offices.delete(event.key);
      if (event.why === "stepped_down") this.#named.delete(event.key);
    }
    if (event.type === "role_changed") {
      this.#offices.delete(event.key);
      this.#named.delete(event.key);
      if (event.role === "moderator" && verdict !== "refused") {
        this.#admit(event.key, verdict === null ? { standing: "vouched", by: null } : { standing: verdict, by });
      }
    }
    return verdict;
  }

  /**
   * What to make of each line of a log, beginning with the create statement. Whoever moderates now, as this authority saw
   * it, is vouched for where no line makes them a moderator.
   */
  async replay(create: string, orders: readonly Order[]): Promise<Verdict[]> {
    const chain = new Authority(this.#room);
    await chain.#found(create);
    for (const who of this.#offices.keys()) {
      if (!chain.#offices.has(who)) chain.#admit(who, { standing: "vouched", by: null });
    }
    const verdicts: Verdict[] = [];
    for (const order of orders) verdicts.push(await chain.#line(order));
    return verdicts;
  }

  /** The moderators are those on the stage, by the chain of acts that makes them so, or else by the host's word. */
  async #begin({ create, roles, stage }: Snapshot): Promise<void> {
    const chain = new Authority(this.#room);
    await chain.#found(create);
    for (const order of roles) await chain.#line(order);
    this.#creator = chain.#creator;
    this.#named = chain.#named;
    this.#former = chain.#former;
    this.#offices = new Map();
    for (const { key, role } of stage) {
      if (role === "moderator") this.#admit(key, chain.#offices.get(key) ?? { standing: "vouched", by: null });
    }
  }

  /** Takes the create statement, whose signer is the first moderator, and appoints those whom it names. */
  async #found(create: string): Promise<void> {
    const statement = await parse(create, "create").catch(() => null);
    if (statement?.id !== this.#room) return;
    this.#creator = statement.signer;
    this.#admit(statement.signer, { standing: "proven", by: null });
    for (const who of statement.claims.moderators ?? []) {
      if (who === statement.signer) continue;
      this.#named.add(who);
      this.#admit(who, this.#opened(who));
    }
  }

  /** Why somebody moderates who comes in as a moderator: the creator appointed them with the opening, or the host says so. */
  #opened(who: Did): Office {
    return this.#named.has(who) ? { standing: "proven", by: this.#creator } : { standing: "vouched", by: null };
  }

  #admit(who: Did, office: Office): void {
    this.#offices.set(who, office);
    this.#former.add(who);
  }

  async #line({ at, act: text, reason, made }: Order): Promise<Verdict> {
    if (text === undefined) {
      if (made !== undefined) this.#admit(made, { standing: "vouched", by: null });
      return "vouched";
    }
    const act = await this.#read(text, reason);
    const signer = act && this.#offices.get(act.signer);
    if (!act || !signer || !near(act, at) || !this.#rises(act)) return "refused";
    const { do: what, sub } = act.claims;
    if (what === "appoint_moderator" && this.#offices.get(sub)?.standing !== "proven") {
      this.#admit(sub, { standing: signer.standing, by: act.signer });
    } else if (what === "withdraw_moderator") {
      if (!this.#mayWithdraw(act.signer, sub)) return "refused";
      this.#offices.delete(sub);
      this.#named.delete(sub);
    }
    return signer.standing;
  }

  /** An act for this room, with the reason beside it if there is one; null for anything else. */
  async #read(text: string, reason: Order["reason"]): Promise<Act | null> {
    try {
      const act = await parse(text, "act");
      const fits = reason === undefined || (await commitmentOf(reason)) === act.claims.reason;
      return fits && act.claims.aud === this.#room && isCommandType(act.claims.do) ? act : null;
    } catch {
      return null;
    }
  }

  /** Holds an event against the act that it came with, and the signer against the roles as they were before it. */
  async #judge(event: RoomDelta, by: Did | null): Promise<Verdict> {
    const act = event.act === undefined ? null : await this.#read(event.act, event.reason);
    if (act === null || by === null || act.signer !== by || !fits(event, act)) return "refused";
    if (!near(act, event.at)) {
      // A removal that a host brings along from before.
      const before = act.claims.do === "remove" && act.claims.iat * 1000 < event.at && this.#former.has(by);
      return before ? "vouched" : "refused";
    }
    const signer = this.#offices.get(by);
    return signer !== undefined && this.#ranks(act) && this.#rises(act) ? signer.standing : "refused";
  }

  /** Refuses what nobody may do to somebody who moderates. */
  #ranks({ signer, claims }: Act): boolean {
    switch (claims.do) {
      case "mute":
      case "move_to_audience":
      case "remove":
        return !this.#offices.has(claims.sub);
      case "withdraw_moderator":
        return this.#mayWithdraw(signer, claims.sub);
      default:
        return true;
    }
  }

  #mayWithdraw(signer: Did, who: Did): boolean {
    return signer === who || signer === this.#creator || this.#offices.get(who)?.by === signer;
  }

  /**
   * Refuses an act that was said before: its number is not above the last of its entry, and it is not the one whose events
   * are still coming.
   */
  #rises({ id, signer, claims }: Act): boolean {
    if (id === this.#last) return true;
    const entry = `${signer} ${claims.nonce}`;
    if (claims.n <= (this.#acts.get(entry) ?? 0)) return false;
    if (this.#acts.size >= maxActs) this.#acts.clear();
    this.#acts.set(entry, claims.n);
    this.#last = id;
    return true;
  }
}

function near({ claims }: Act, at: number): boolean {
  return Math.abs(claims.iat * 1000 - at) <= actSlack;
}

/** The moderator by whom an event says that it came about; null where none did. */
export function byWhom(event: RoomDelta): Did | null {
  if (event.type === "stage_offered") return event.offer.by;
  return "by" in event ? (event.by ?? null) : null;
}

/** Whether an event is what the act asked for. */
function fits(event: RoomDelta, act: Act): boolean {
  const { do: what, sub } = act.claims;
  const is = (who: Did, ...actions: string[]) => sub === who && actions.includes(what);
  switch (event.type) {
    case "hand_lowered":
      return is(event.key, "dismiss_hand", "remove");
    case "stage_offered":
      return is(event.offer.key, "offer_stage");
    case "stage_left":
      return event.why === "moved" ? is(event.key, "move_to_audience") : event.why === "removed" && is(event.key, "remove");
    case "muted":
      return is(event.key, "mute") || what === "mute_all";
    case "role_changed":
      return is(event.key, event.role === "moderator" ? "appoint_moderator" : "withdraw_moderator");
    case "removed":
      return is(event.key, "remove") && lasts(event.until, act);
    case "removal_ended":
      return is(event.key, "lift_removal");
    case "unmute_asked":
      return is(event.key, "ask_to_unmute");
    case "settings":
      return sets(event.settings, act);
    case "entry_changed":
      return what === "set_entry" && act.claims.entry === event.entry;
    case "ended":
      return what === "end";
    case "hand_raised":
    case "offer_ended":
    case "stage_joined":
    case "unmuted":
    case "connection":
    case "audience":
    case "chosen_changed":
    case "person_changed":
      return false;
  }
}

/** Whether a removal ends when the act says, counted from the act's own time. */
function lasts(until: number | undefined, { claims }: Act): boolean {
  if (until === undefined || claims.duration === undefined) return until === undefined && claims.duration === undefined;
  return Math.abs(until - claims.duration * 1000 - claims.iat * 1000) <= actSlack;
}

/** Whether settings are as the act wanted its one of them. */
function sets(settings: RoomSettings, { claims }: Act): boolean {
  switch (claims.do) {
    case "lock_stage":
      return claims.switch !== undefined && settings.locked === (claims.switch === "on");
    case "ask_mode":
      return claims.switch !== undefined && settings.ask === (claims.switch === "on");
    case "slow_mode":
      return settings.slow === (claims.duration ?? 0);
    default:
      return false;
  }
}
