import type { Did, Member, RoomState } from "../../sdk";
import { t } from "../i18n";
import { folded } from "../state/search";

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
  return sharedAmong([...state.stage, ...state.hands, ...state.audience.people]);
}

/** The names that more than one of some people bears, whatever the capitals and the accents. */
export function sharedAmong(people: readonly Pick<Member, "key" | "name">[]): ReadonlySet<string> {
  const bearers = new Map<string, { keys: Set<Did>; names: Set<string> }>();
  for (const { name, key } of people) {
    const same = bearers.get(folded(name)) ?? { keys: new Set(), names: new Set() };
    same.keys.add(key);
    same.names.add(name);
    bearers.set(folded(name), same);
  }
  return new Set([...bearers.values()].filter(({ keys }) => keys.size > 1).flatMap(({ names }) => [...names]));
}
