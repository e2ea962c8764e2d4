import { isId, type Id } from "../../sdk";
import { store, stored } from "./stored";

const keptFor = 24 * 3_600_000;

/** Remembers the room for members at whose door somebody stands who is none yet: an invite that they open leads there. */
export function want(room: Id): void {
  store("wanted", { room, at: Date.now() });
}

/** The room that somebody wanted into within the last day. */
export function wanted(): Id | null {
  const { room, at } = (stored("wanted") ?? {}) as { room?: unknown; at?: unknown };
  const recent = typeof at === "number" && Math.abs(Date.now() - at) < keptFor;
  return recent && typeof room === "string" && isId(room) ? room : null;
}

/** Forgets it: they are a member now. */
export function forgetWanted(): void {
  store("wanted", null);
}
