import type { Member, Room, Scheduled } from "../../sdk";

/** A text without accents and capitals, for comparison only: as the node compares names. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().trim();
}

/** The words of what somebody looks for. A topic may be written as #topic. */
function words(query: string): string[] {
  return folded(query).split(/\s+/).map((word) => word.replace(/^#+/, "")).filter((word) => word !== "");
}

/** How well texts fit: the place of the first one that holds all words, one beyond if they hold them only together. */
function fit(query: readonly string[], texts: readonly string[]): number | null {
  const all = texts.map(folded);
  const first = all.findIndex((text) => query.every((word) => text.includes(word)));
  if (first >= 0) return first;
  return query.every((word) => all.some((text) => text.includes(word))) ? all.length : null;
}

function best<T>(list: readonly T[], query: string, texts: (one: T) => readonly string[]): T[] {
  const wanted = words(query);
  if (wanted.length === 0) return [];
  return list
    .map((one) => ({ one, place: fit(wanted, texts(one)) }))
    .filter((found): found is { one: T; place: number } => found.place !== null)
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** The live rooms whose title, topics or people fit, those whose title does first. */
export function findRooms(rooms: readonly Room[], query: string): Room[] {
  return best(rooms, query, ({ title, topics, speakers, creator, community }) => [
    title, ...topics, ...speakers.map(({ name }) => name), creator.name, community.name,
  ]);
}

/** The planned rooms whose title, topics or author fit, those whose title does first. */
export function findPlans(plans: readonly Scheduled[], query: string): Scheduled[] {
  return best(plans, query, ({ title, topics, author }) => [title, ...topics, author.name]);
}

/** The people whose names fit. */
export function findPeople<P extends Pick<Member, "name">>(people: readonly P[], query: string): P[] {
  return best(people, query, ({ name }) => [name]);
}
