import { isId, type Id } from "../../sdk";

const place = "stoa.wanted";
const keptFor = 24 * 3_600_000;

/** Remembers the room for members at whose door somebody stands who is none yet: an invite that they open leads there. */
export function want(room: Id): void {
  try {
    localStorage.setItem(place, JSON.stringify({ room, at: Date.now() }));
  } catch {
    // A browser that keeps nothing: they find the room in the hallway.
  }
}

/** The room that somebody wanted into within the last day. */
export function wanted(): Id | null {
  try {
    const { room, at } = JSON.parse(localStorage.getItem(place) ?? "{}") as { room?: unknown; at?: unknown };
    const recent = typeof at === "number" && Math.abs(Date.now() - at) < keptFor;
    return recent && typeof room === "string" && isId(room) ? room : null;
  } catch {
    return null; // not ours, or a browser that keeps nothing
  }
}

/** Forgets it: they are a member now. */
export function forgetWanted(): void {
  try {
    localStorage.removeItem(place);
  } catch {
    // Nothing was kept.
  }
}
