import type { Room, Scheduled } from "../../sdk";

/** A topic of the hallway. */
export interface Topic {
  name: string;
  /** Whether the member follows it. */
  followed: boolean;
  /** Live rooms on it. */
  rooms: number;
}

// More than a strip can be looked through for; search finds the rest.
const mostOthers = 20;

/** The topics there are: those one follows first, where somebody talks before the others; then the rest, the busiest first. */
export function topicsOf(rooms: readonly Room[], upcoming: readonly Scheduled[], interests: readonly string[]): Topic[] {
  const counts = new Map<string, number>(upcoming.flatMap((plan) => plan.topics.map((topic) => [topic, 0])));
  for (const topic of rooms.flatMap((room) => room.topics)) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const own = interests.map((name) => ({ name, followed: true, rooms: counts.get(name) ?? 0 }));
  const others = [...counts]
    .filter(([name]) => !interests.includes(name))
    .map(([name, n]) => ({ name, followed: false, rooms: n }))
    .sort((a, b) => b.rooms - a.rooms || (a.name < b.name ? -1 : 1));
  return [...own.filter(({ rooms: n }) => n > 0), ...own.filter(({ rooms: n }) => n === 0), ...others.slice(0, mostOthers)];
}
