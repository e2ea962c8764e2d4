import { signal } from "@preact/signals";
import type { Did, Room } from "../../sdk";

/** The sheet that is open, if one is. The offer of the stage is not among them: it comes by itself. */
export type Sheet =
  | { kind: "start" }
  | { kind: "topics" }
  | { kind: "join" }
  | { kind: "card"; room: Room }
  | { kind: "person"; who: Did; name: string }
  | { kind: "remove"; who: Did; name: string }
  | { kind: "question" }
  | { kind: "menu" }
  | { kind: "sound" }
  | { kind: "invite" }
  | { kind: "apps" }
  | { kind: "end" }
  /** The last moderator leaves: for another room, where there is one. */
  | { kind: "last"; next?: NextRoom }
  | { kind: "settings" }
  | { kind: "shortcuts" };

/** The room that somebody is about to enter, and what happens if they stay where they are. */
export interface NextRoom {
  enter: () => void;
  stay: () => void;
}

export const sheet = signal<Sheet | null>(null);

export function open(which: Sheet): void {
  sheet.value = which;
}

export function close(): void {
  sheet.value = null;
}
