import { signal } from "@preact/signals";
import { HallwayStream, type Room, type StreamStatus } from "../../sdk";
import { client, refresh } from "./session";

/** The live rooms; null until the node has told them once. */
export const rooms = signal<readonly Room[] | null>(null);

/** How the connection that tells them is doing. */
export const hallwayStatus = signal<StreamStatus>({ kind: "connecting" });

// What the hallway says besides its rooms (the number of members) is asked for anew at most this often.
const freshFor = 30_000;

/** Follows the hallway until the returned function is called. The list stays for the next visit. */
export function watchHallway(): () => void {
  const stream = new HallwayStream(client);
  const freshen = () => void refresh().catch(() => undefined); // it is only news; the next time tries again
  let due: ReturnType<typeof setTimeout> | undefined;
  if (rooms.peek() !== null) freshen(); // coming back; the first time it is fresh
  const stops = [
    stream.rooms.subscribe((list) => {
      if (list === null) return;
      rooms.value = list;
      due ??= setTimeout(() => {
        due = undefined;
        freshen();
      }, freshFor);
    }),
    stream.status.subscribe((status) => {
      const back = status.kind === "live" && hallwayStatus.value.kind === "reconnecting";
      hallwayStatus.value = status;
      if (back) freshen();
    }),
  ];
  stream.open();
  return () => {
    clearTimeout(due);
    for (const stop of stops) stop();
    stream.close();
  };
}
