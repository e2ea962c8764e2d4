import { signal } from "@preact/signals";
import { isId, type Did, type Id } from "../../sdk";
import { store, stored } from "./stored";

/** A request to join that this browser has sent, and by which key. */
export interface Sent {
  readonly did: Did;
  readonly id: Id;
}

function read(): Sent | null {
  const kept = stored("ask") as Partial<Sent> | null;
  return typeof kept?.did === "string" && isId(kept.id ?? "") ? (kept as Sent) : null;
}

/** The request that this browser waits for, over reloads. */
export const sent = signal<Sent | null>(read());

/** Remembers a request, or with null that there is none any more. */
export function remember(next: Sent | null): void {
  sent.value = next;
  store("ask", next);
}
