import type { Did, Person, RoomState } from "../../sdk";
import { t } from "../i18n";

/** The end of a key, in groups: enough to tell two people of one name apart. */
export function fingerprint(key: Did, groups = 3): string {
  return key.slice(-4 * groups).replace(/(.{4})(?=.)/g, "$1 ");
}

/** How a node is told from another where there is little room: by the end of its key. */
export function nodeMark(node: Did): string {
  return `…${fingerprint(node, 1)}`;
}

/** How many listen, guests among them. */
export function listeners({ audience: { count, guests } }: RoomState): string {
  return count + guests === 0 ? t().room.nobodyListening : t().door.audience(count, guests);
}

/** The names that more than one person in sight bears. */
export function sharedNames(state: RoomState): ReadonlySet<string> {
  const bearers = new Map<string, Set<Did>>();
  const people: Person[] = [...state.stage, ...state.hands, ...state.audience.people];
  for (const { name, key } of people) {
    const keys = bearers.get(name) ?? new Set();
    bearers.set(name, keys.add(key));
  }
  return new Set([...bearers].filter(([, keys]) => keys.size > 1).map(([name]) => name));
}
