import type { Did } from "../../sdk";
import { settings, type HiddenCommunity } from "./settings";

/** What a member has hidden in this browser, in the order of hiding. */
export function hiddenBy(member: Did): readonly HiddenCommunity[] {
  return settings.hidden.value[member] ?? [];
}

/** Keeps a community's rooms out of the member's hallway. */
export function hide(member: Did, { id, name }: HiddenCommunity): void {
  put(member, [...without(member, id), { id, name }]);
}

/** Takes {@link hide} back. */
export function unhide(member: Did, community: Did): void {
  put(member, without(member, community));
}

/** Forgets what the member has hidden: for a browser that forgets the member. */
export function forgetHidden(member: Did): void {
  put(member, []);
}

function without(member: Did, community: Did): HiddenCommunity[] {
  return hiddenBy(member).filter(({ id }) => id !== community);
}

function put(member: Did, list: readonly HiddenCommunity[]): void {
  const others = Object.entries(settings.hidden.peek()).filter(([key]) => key !== member);
  settings.hidden.value = Object.fromEntries(list.length === 0 ? others : [...others, [member, list]]);
}
