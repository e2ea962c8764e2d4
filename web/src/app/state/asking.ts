import { signal } from "@preact/signals";
import { isId, type Did, type Id } from "../../sdk";

const place = "stoa.ask";

/** A request to join that this browser has sent, and by which key. */
export interface Sent {
  readonly did: Did;
  readonly id: Id;
}

function read(): Sent | null {
  try {
    const stored = JSON.parse(localStorage.getItem(place) ?? "null") as Partial<Sent> | null;
    return typeof stored?.did === "string" && isId(stored.id ?? "") ? (stored as Sent) : null;
  } catch {
    return null; // not ours, or a browser that keeps nothing
  }
}

/** The request that this browser waits for, over reloads. */
export const sent = signal<Sent | null>(read());

/** Remembers a request, or with null that there is none any more. */
export function remember(next: Sent | null): void {
  sent.value = next;
  try {
    if (next === null) localStorage.removeItem(place);
    else localStorage.setItem(place, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing: the page has it as long as it is open.
  }
}
