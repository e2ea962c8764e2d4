import { navigate, paths, route } from "../router";
import { leave, leavesNobody, type Presence } from "../state/room";
import { open } from "../state/sheet";
import { attempt } from "../state/toast";

/** Leaves, unless that takes the room its last moderator: then it is asked first. */
export function askToLeave(presence: Presence): void {
  const state = presence.state.value;
  if (state !== null && leavesNobody(state)) open({ kind: "last" });
  else leaveNow();
}

/** Leaves without asking. */
export function leaveNow(): void {
  attempt(leave());
  if (route.value.page === "room") navigate(paths.hallway);
}
