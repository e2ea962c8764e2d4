import { computed, effect, signal } from "@preact/signals";
import { ProblemError, type Did, type Member, type Relation, type Settings } from "../../sdk";
import { Kept } from "./kept";
import { loadNotices } from "./notices";
import { client, me, refresh } from "./session";
import { attempt } from "./toast";

const member = computed(() => me.value?.member.key ?? null);

/** What this member has with others, by key; they alone know of it. */
const relations = new Kept<ReadonlyMap<Did, Relation>>(new Map());

/** Their names and pictures, as far as the node knows them. */
const faces = signal<ReadonlyMap<Did, Member>>(new Map());

/** What this member wants to hear of; null until the node has said it. */
export const interests = new Kept<Settings | null>(null);

const ordinary: Relation = { follow: false, block: false, mute: false, volume: 100 };

/** What this member has with somebody. */
export function relation(who: Did): Relation {
  return relations.value.get(who) ?? ordinary;
}

/** Whom this member follows, as far as the node knows them, and where they can be asked about. */
export const followed = computed(() =>
  [...relations.value]
    .filter(([, r]) => r.follow)
    .map(([key, { home = null }]) => ({ ...(faces.value.get(key) ?? { key, name: "" }), home })),
);

/** How loud somebody is played, 0 to 1. */
export function hearing(who: Did): number {
  const r = relation(who);
  return r.block || r.mute ? 0 : r.volume / 100;
}

/** Changes what this member has with somebody: here at once, and at the node. */
export function relate(who: Did, change: Partial<Relation>): Promise<void> {
  return relations.change(
    (all) => {
      const now: Relation = { ...(all.get(who) ?? ordinary), ...change };
      delete now.changed; // the node sets it
      const next = new Map(all);
      if (now.follow || now.block || now.mute || now.volume !== 100) next.set(who, now);
      else next.delete(who);
      return next;
    },
    async (all) => {
      await client.people.setRelation(who, all.get(who) ?? ordinary);
      return all;
    },
  );
}

/** Changes what this member wants to hear of. */
export function choose(change: Partial<Settings>): Promise<void> {
  return interests.change(
    (now) => now && { ...now, ...change },
    async (wish) => wish && client.own.setSettings(wish),
  );
}

/** Asks the node for all of it. */
async function load(): Promise<void> {
  const of = member.peek();
  const related = async () => {
    const list = await client.people.relations();
    if (of !== null && member.peek() === of) faces.value = new Map(list.map((p) => [p.person.key, p.person]));
    return new Map(list.map((p) => [p.person.key, p.relation]));
  };
  await Promise.all([relations.load(related), interests.load(() => client.own.settings())]);
}

/** Something of this member's own has changed, perhaps on another of their devices. */
export function reload(): void {
  attempt(Promise.all([load(), loadNotices(), refresh()]));
}

/** Follows who this browser belongs to. */
export function startMine(): void {
  effect(() => {
    relations.reset(new Map());
    faces.value = new Map();
    interests.reset(null);
    if (member.value !== null) load().catch((error: unknown) => {
      if (!(error instanceof ProblemError)) setTimeout(() => void load().catch(() => undefined), 5_000);
    });
  });
}
