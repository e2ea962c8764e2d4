import { signal } from "@preact/signals";
import { HallwayStream, type Room, type Scheduled, type StreamStatus } from "../../sdk";
import { reload } from "./mine";
import { hear, loadNotices } from "./notices";
import { client, refresh } from "./session";

/** The live rooms; null until the node has told them once. */
export const rooms = signal<readonly Room[] | null>(null);

/** The rooms that are planned, the next one first. */
export const upcoming = signal<readonly Scheduled[]>([]);

/** How the connection that tells them is doing. */
export const hallwayStatus = signal<StreamStatus>({ kind: "connecting" });

// What the hallway says besides its rooms (the number of members) is asked for anew at most this often.
const freshFor = 30_000;

/** The one connection, and how many want it. */
let following = 0;
let end: () => void = () => undefined;

/** Follows the hallway until the returned function is called. The list stays for the next visit. */
export function followHallway(): () => void {
  if (following++ === 0) end = connect();
  return () => {
    if (--following === 0) end();
  };
}

/** Follows the hallway for a page that shows it, and so wants all that it says to be fresh. */
export function watchHallway(): () => void {
  if (rooms.peek() !== null) freshen(); // coming back; the first time it is fresh
  return followHallway();
}

function freshen(): void {
  refresh().catch(() => undefined); // it is only news; the next time tries again
}

function connect(): () => void {
  const stream = new HallwayStream(client);
  let due: ReturnType<typeof setTimeout> | undefined;
  const stops = [
    stream.mine.subscribe(reload),
    stream.notices.subscribe(hear),
    stream.rooms.subscribe((list) => {
      if (list === null) return;
      rooms.value = list;
      due ??= setTimeout(() => {
        due = undefined;
        freshen();
      }, freshFor);
    }),
    stream.upcoming.subscribe((list) => (upcoming.value = list)),
    stream.status.subscribe((status) => {
      const back = status.kind === "live" && hallwayStatus.value.kind === "reconnecting";
      hallwayStatus.value = status;
      if (back || status.kind === "refused") freshen(); // refused: who one is to the node may have changed
      if (back) loadNotices().catch(() => undefined); // what came meanwhile was not heard
    }),
  ];
  stream.open();
  return () => {
    clearTimeout(due);
    for (const stop of stops) stop();
    stream.close();
  };
}
