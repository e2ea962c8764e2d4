import { computed, effect } from "@preact/signals";
import { inRoom } from "./room";

const onStage = computed(() => inRoom.value !== null && inRoom.value.role.value !== "listener");

/**
 * What the device does for a room: it stays awake on the stage, names the sound, plays it on after an interruption, and
 * asks before the tab of somebody on the stage closes.
 */
export function startDevice(): void {
  effect(() => keepAwake(onStage.value));
  effect(() => nameSound(inRoom.value?.state.value?.room.title ?? null));
  addEventListener("beforeunload", (e) => {
    if (onStage.value) e.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    // The browser lets the lock go with the tab out of sight, and does not take it up again.
    if (wanted) keepAwake(true);
    playOn(); // after a telephone call, say
  });
  if ("mediaSession" in navigator) navigator.mediaSession.setActionHandler("play", playOn);
}

let wanted = false;
let lock: Promise<WakeLockSentinel | null> = Promise.resolve(null);

function keepAwake(want: boolean): void {
  wanted = want;
  const before = lock;
  lock = (async () => {
    const held = await before;
    if (held !== null && (!want || held.released)) await held.release();
    if (!want || !("wakeLock" in navigator)) return null;
    if (held !== null && !held.released) return held;
    return navigator.wakeLock.request("screen").catch(() => null); // low battery: the screen may go dark
  })();
}

function playOn(): void {
  void inRoom.value?.session.resumeSound();
}

function nameSound(title: string | null): void {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.metadata = title === null ? null : new MediaMetadata({ title, artist: location.host });
}
