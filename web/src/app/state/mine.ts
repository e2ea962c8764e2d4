import { computed, effect, signal } from "@preact/signals";
import { ProblemError, type Did, type Member, type Relation, type Settings } from "../../sdk";
import { loadNotices } from "./notices";
import { client, me, refresh } from "./session";
import { attempt } from "./toast";

/** What this member has with others, by key; they alone know of it. */
const relations = signal<ReadonlyMap<Did, Relation>>(new Map());

/** Their names and pictures, as far as the node knows them. */
const faces = signal<ReadonlyMap<Did, Member>>(new Map());

/** What this member wants to hear of; null until the node has said it. */
export const interests = signal<Settings | null>(null);

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
export async function relate(who: Did, change: Partial<Relation>): Promise<void> {
  const before = relations.peek();
  const now: Relation = { ...(before.get(who) ?? ordinary), ...change };
  delete now.changed; // the node sets it
  put(who, now);
  try {
    await client.people.setRelation(who, now);
  } catch (error) {
    relations.value = before;
    throw error;
  }
}

function put(who: Did, now: Relation): void {
  const next = new Map(relations.peek());
  if (now.follow || now.block || now.mute || now.volume !== 100) next.set(who, now);
  else next.delete(who);
  relations.value = next;
}

/** Replaces what this member wants to hear of. */
export async function choose(settings: Settings): Promise<void> {
  const before = interests.peek();
  interests.value = settings;
  try {
    interests.value = await client.own.setSettings(settings);
  } catch (error) {
    interests.value = before;
    throw error;
  }
}

/** Asks the node for all of it. */
async function load(): Promise<void> {
  const of = me.peek()?.member.key;
  const [list, settings] = await Promise.all([client.people.relations(), client.own.settings()]);
  if (of === undefined || me.peek()?.member.key !== of) return;
  relations.value = new Map(list.map((p) => [p.person.key, p.relation]));
  faces.value = new Map(list.map((p) => [p.person.key, p.person]));
  interests.value = settings;
}

/** Something of this member's own has changed, perhaps on another of their devices. */
export function reload(): void {
  attempt(Promise.all([load(), loadNotices(), refresh()]));
}

const member = computed(() => me.value?.member.key ?? null);

/** Follows who this browser belongs to. */
export function startMine(): void {
  effect(() => {
    relations.value = new Map();
    faces.value = new Map();
    interests.value = null;
    if (member.value !== null) load().catch((error: unknown) => {
      if (!(error instanceof ProblemError)) setTimeout(() => void load().catch(() => undefined), 5_000);
    });
  });
}
