import type { Room } from "../../sdk";
import type { HiddenCommunity } from "./settings";

/** The rooms of this community, wherever they are hosted; and those of other communities, but for the hidden ones. */
export function sections(all: readonly Room[], hidden: readonly HiddenCommunity[]): [own: Room[], others: Room[]] {
  const own = all.filter((room) => isOwn(room));
  const unwanted = new Set(hidden.map(({ id }) => id));
  return [own, all.filter((room) => !isOwn(room) && !unwanted.has(room.community.id))];
}

function isOwn({ why }: Room): boolean {
  return why === "here" || why === "community";
}
