import { navigate, paths, route } from "../router";
import { lastModerator, leave, type Presence } from "../state/room";
import { open } from "../state/sheet";
import { attempt } from "../state/toast";

/** Leaves, unless that takes the room its last moderator: then it is asked first. */
export function askToLeave(presence: Presence): void {
  const state = presence.state.value;
  const last = state === null ? null : lastModerator(state);
  if (last === null) leaveNow();
  else open({ kind: "last", next: last.next });
}

/** Leaves without asking. */
export function leaveNow(): void {
  attempt(leave());
  if (route.value.page === "room") navigate(paths.hallway);
}
