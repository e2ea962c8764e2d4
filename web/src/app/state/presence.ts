import type { Id } from "../../sdk";

// A browser tab holds a lock for the room it is in. It goes with the tab, however the tab goes.
const lockPrefix = "stoa-room-";
const lockName = (room: Id) => `${lockPrefix}${room}`;

// What this tab returns to after a reload. A duplicated tab copies it, so the lock has the last word.
const tabKey = "stoa.room";

// A guest's tab returns as a guest's.
const guestMark = " guest";

// The tabs of one browser tell one another of the room that they enter: sound comes from one of them at a time.
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("stoa-rooms") : null;

let release: (() => void) | null = null;

/** Marks this tab as the one in the room, until `markLeft`, and tells the others. */
export function markEntered(room: Id, guest: boolean): void {
  markLeft();
  try {
    sessionStorage.setItem(tabKey, guest ? room + guestMark : room);
  } catch {
    // Without storage a reload does not return to the room.
  }
  void navigator.locks.request(
    lockName(room),
    { steal: true },
    () => new Promise<void>((resolve) => (release = resolve)),
  ).catch(() => undefined); // stolen by the tab that entered after this one
  tabs?.postMessage(room);
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

/** The room in which this tab was before a reload, and whether as a guest. */
export function roomBefore(): { room: Id; guest: boolean } | null {
  try {
    const stored = sessionStorage.getItem(tabKey);
    if (stored === null) return null;
    return { room: stored.replace(guestMark, ""), guest: stored.endsWith(guestMark) };
  } catch {
    return null;
  }
}

/** Where another tab of this browser is: in this room, in another one, or in none. */
export async function elsewhere(room: Id): Promise<"here" | "there" | null> {
  const { held = [] } = await navigator.locks.query();
  if (release !== null) return null; // it is this tab that is in a room
  const names = held.map((lock) => lock.name ?? "");
  if (names.includes(lockName(room))) return "here";
  return names.some((name) => name.startsWith(lockPrefix)) ? "there" : null;
}

/** Calls with the room that another tab has entered. */
export function onEnteredElsewhere(call: (room: Id) => void): void {
  tabs?.addEventListener("message", ({ data }) => call(data as Id));
}
