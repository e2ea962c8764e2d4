import { navigate, paths, route } from "../router";
import { current, leave, leavesNobody, type Presence } from "../state/room";
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
  const guest = current.value?.guest === true; // whoever only listened is before the room again: there is no hallway for them
  attempt(leave());
  if (!guest && route.value.page === "room") navigate(paths.hallway);
}
