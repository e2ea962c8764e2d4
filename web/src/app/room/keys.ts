import { route } from "../router";
import { inRoom, isDialogOpen, toggleHand, toggleMute, unmute, type Presence } from "../state/room";
import { settings } from "../state/settings";
import { open } from "../state/sheet";
import { attempt } from "../state/toast";
import { goTo } from "./focus";
import { react, reactions } from "./reactions";

const typing = "input, textarea, select, [contenteditable]";
const control = `${typing}, button, a[href], summary, [role=button]`;

/** The room in which a single key means something now. */
function listening(e: KeyboardEvent): Presence | null {
  if (!settings.shortcuts.value || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return null;
  if (isDialogOpen() || (e.target instanceof Element && e.target.matches(typing))) return null;
  return route.value.page === "room" ? inRoom.value : null;
}

/** Starts the keys of the room: single letters, and Space held to talk. Leaving is never one key. */
export function startKeys(): void {
  let talking: { presence: Presence; open: Promise<void> } | null = null;
  const stopTalking = () => {
    const held = talking;
    talking = null;
    if (held !== null) attempt(held.open.then(() => held.presence.session.mute()));
  };
  addEventListener("keydown", (e) => {
    const presence = listening(e);
    if (presence === null) return;
    const onStage = presence.role.value !== "listener";
    if (e.key === " ") {
      if (!onStage || (e.target instanceof Element && e.target.matches(control))) return;
      e.preventDefault(); // or the page scrolls
      if (presence.muted.value && !e.repeat) talking = { presence, open: unmute(presence) };
      return;
    }
    if (e.repeat || (presence.guest && !/^[p?]$/i.test(e.key))) return;
    switch (e.key.toLowerCase()) {
      case "m":
        if (onStage) toggleMute(presence);
        break;
      case "h":
        if (!onStage) toggleHand(presence);
        break;
      case "p":
        goTo("audience");
        break;
      case "q":
        goTo("hands");
        break;
      case "?":
        open({ kind: "shortcuts" });
        break;
      default: {
        const reaction = reactions[Number(e.key) - 1];
        if (reaction === undefined) return;
        react(presence, reaction);
      }
    }
    e.preventDefault();
  });
  addEventListener("keyup", (e) => {
    if (e.key === " ") stopTalking();
  });
  addEventListener("blur", stopTalking);
}
