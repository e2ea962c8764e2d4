import { signal, type ReadonlySignal } from "@preact/signals";
import type { Did, Reaction, Reactions } from "../../sdk";

/** A reaction on the page; each has a number of its own. */
export interface Shown {
  id: number;
  reaction: Reaction;
  count: number;
}

/** What people show at the moment: those on the stage each for themselves, the audience as a murmur. */
export interface Reacting {
  people: ReadonlyMap<Did, Shown>;
  murmur: readonly Shown[];
}

const shownFor = 3_000;
const mostAtOnce = 12;

/** What of an event each person on the stage shows, the last of several, and what the others show. */
export function apart({ counts, stage }: Pick<Reactions, "counts" | "stage">): { people: Map<Did, Reaction>; others: { reaction: Reaction; count: number }[] } {
  const others = counts.map(({ reaction, count }) => ({
    reaction,
    count: count - stage.filter((one) => one.reaction === reaction).length,
  }));
  return { people: new Map(stage.map(({ key, reaction }) => [key, reaction])), others: others.filter(({ count }) => count > 0) };
}

/** Follows what people show in a room, each thing for three seconds, until it is stopped. */
export function watchReactions(events: { subscribe: (told: (event: Reactions) => void) => () => void }): { now: ReadonlySignal<Reacting>; stop: () => void } {
  const now = signal<Reacting>({ people: new Map(), murmur: [] });
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let id = 0;
  const unsubscribe = events.subscribe((event) => {
    const { people, others } = apart(event);
    const news = others.map((one) => ({ id: ++id, ...one }));
    const faces = [...people].map(([key, reaction]): [Did, Shown] => [key, { id: ++id, reaction, count: 1 }]);
    const fresh = new Set([...news, ...faces.map(([, one]) => one)]);
    now.value = {
      people: new Map([...now.value.people, ...faces]),
      murmur: [...now.value.murmur, ...news].slice(-mostAtOnce),
    };
    const timer = setTimeout(() => {
      timers.delete(timer);
      now.value = {
        people: new Map([...now.value.people].filter(([, one]) => !fresh.has(one))),
        murmur: now.value.murmur.filter((one) => !fresh.has(one)),
      };
    }, shownFor);
    timers.add(timer);
  });
  const stop = () => {
    unsubscribe();
    for (const timer of timers) clearTimeout(timer);
  };
  return { now, stop };
}
