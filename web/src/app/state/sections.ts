import type { Did, Room } from "../../sdk";
import type { HiddenCommunity } from "./settings";

/** The rooms of this community, wherever they are hosted; and those of other communities, but for the hidden ones. */
export function sections(all: readonly Room[], hidden: readonly HiddenCommunity[]): [own: Room[], others: Room[]] {
  const own = all.filter((room) => isOwn(room));
  const unwanted = new Set(hidden.map(({ id }) => id));
  return [own, all.filter((room) => !isOwn(room) && !unwanted.has(room.community.id))];
}

/** What a member wants to hear of. */
export interface Wishes {
  people: ReadonlySet<Did>;
  topics: readonly string[];
  languages: readonly string[];
}

/** Whether somebody whom the member follows opened the room or speaks in it, or it is on a topic that they follow. */
export function isWanted(room: Room, { people, topics }: Wishes): boolean {
  return [room.creator, ...room.speakers].some(({ key }) => people.has(key)) || room.topics.some((topic) => topics.includes(topic));
}

/** The rooms that are wanted first, those in languages that the member does not understand last; else as they were. */
export function inOrder(rooms: readonly Room[], wishes: Wishes): Room[] {
  const place = (room: Room) => {
    const foreign = wishes.languages.length > 0 && !wishes.languages.includes(room.language);
    return (isWanted(room, wishes) ? 0 : 1) + (foreign ? 2 : 0);
  };
  return rooms.toSorted((a, b) => place(a) - place(b));
}

function isOwn({ why }: Room): boolean {
  return why === "here" || why === "community";
}

/** The communities of rooms, with how many each has: one's own first, then the one with the most. */
export function communitiesOf(rooms: readonly Room[]): { id: Did; name: string; rooms: number; own: boolean }[] {
  const found = new Map<Did, { id: Did; name: string; rooms: number; own: boolean }>();
  for (const room of rooms) {
    const { id, name } = room.community;
    const before = found.get(id) ?? { id, name, rooms: 0, own: isOwn(room) };
    found.set(id, { ...before, rooms: before.rooms + 1 });
  }
  return [...found.values()].sort((a, b) => Number(b.own) - Number(a.own) || b.rooms - a.rooms);
}

/** People with the room they speak in, as far as the hallway tells: those first, then the others by name. */
export function whereabouts<P extends { key: Did; name: string }>(people: readonly P[], rooms: readonly Room[]): (P & { room: Room | null })[] {
  return people
    .map((one) => ({ ...one, room: rooms.find(({ speakers }) => speakers.some(({ key }) => key === one.key)) ?? null }))
    .sort((a, b) => Number(b.room !== null) - Number(a.room !== null) || a.name.localeCompare(b.name));
}
