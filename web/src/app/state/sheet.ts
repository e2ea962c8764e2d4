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
  | { kind: "last" }
  | { kind: "settings" }
  | { kind: "shortcuts" };

export const sheet = signal<Sheet | null>(null);

export function open(which: Sheet): void {
  sheet.value = which;
}

export function close(): void {
  sheet.value = null;
}
