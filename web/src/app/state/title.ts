import { computed, effect, signal } from "@preact/signals";
import { t } from "../i18n";
import { inRoom } from "./current";

/** What the page shown is about. */
export const pageTitle = signal("");

const roomTitle = computed(() => {
  const presence = inRoom.value;
  const state = presence?.state.value;
  if (presence === null || state === null || state === undefined) return null;
  const m = t().room;
  const parts = [state.room.title];
  if (presence.role.value !== "listener") parts.push(presence.muted.value ? m.titleMuted : m.titleOpen);
  if (presence.role.value === "moderator" && state.hands.length > 0) parts.unshift(m.titleHands(state.hands.length));
  return parts.join(" · ");
});

/** Keeps the window's title: the page, then the room one is in with one's microphone and, for moderators, the hands. */
export function startTitle(): void {
  effect(() => {
    const page = pageTitle.value;
    const room = roomTitle.value;
    const parts = [room?.includes(page) === true ? "" : page, room ?? "", "Stoa"];
    document.title = parts.filter((part) => part !== "").join(" – ");
  });
}
