import type { Id } from "../../sdk";

// A browser tab holds a lock for the room it is in. It goes with the tab, however the tab goes.
const lockName = (room: Id) => `stoa-room-${room}`;

// What this tab returns to after a reload. A duplicated tab copies it, so the lock has the last word.
const tabKey = "stoa.room";

let release: (() => void) | null = null;

/** Marks this tab as the one in the room, until `markLeft`. */
export function markEntered(room: Id): void {
  markLeft();
  try {
    sessionStorage.setItem(tabKey, room);
  } catch {
    // Without storage a reload does not return to the room.
  }
  void navigator.locks.request(
    lockName(room),
    { steal: true },
    () => new Promise<void>((resolve) => (release = resolve)),
  ).catch(() => undefined); // stolen by the tab that entered after this one
}

/** Ends what `markEntered` began. */
export function markLeft(): void {
  release?.();
  release = null;
  try {
    sessionStorage.removeItem(tabKey);
  } catch {
    // as above
  }
}

/** The room in which this tab was before a reload. */
export function roomBefore(): Id | null {
  try {
    return sessionStorage.getItem(tabKey);
  } catch {
    return null;
  }
}

/** Whether another tab of this browser is in the room. */
export async function isElsewhere(room: Id): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return release === null && held.some((lock) => lock.name === lockName(room));
}
