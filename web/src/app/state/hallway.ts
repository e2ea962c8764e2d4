import { signal } from "@preact/signals";
import { HallwayStream, type ReminderDue, type Room, type Scheduled, type StreamStatus } from "../../sdk";
import { relative, t } from "../i18n";
import { navigate, paths } from "../router";
import { reload } from "./mine";
import { client, refresh } from "./session";
import { say } from "./toast";

/** The live rooms; null until the node has told them once. */
export const rooms = signal<readonly Room[] | null>(null);

/** The rooms that are planned, the next one first. */
export const upcoming = signal<readonly Scheduled[]>([]);

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
    stream.mine.subscribe(reload),
    stream.rooms.subscribe((list) => {
      if (list === null) return;
      rooms.value = list;
      due ??= setTimeout(() => {
        due = undefined;
        freshen();
      }, freshFor);
    }),
    stream.upcoming.subscribe((list) => (upcoming.value = list)),
    stream.reminders.subscribe(remind),
    stream.status.subscribe((status) => {
      const back = status.kind === "live" && hallwayStatus.value.kind === "reconnecting";
      hallwayStatus.value = status;
      if (back || status.kind === "refused") freshen(); // refused: who one is to the node may have changed
    }),
  ];
  stream.open();
  return () => {
    clearTimeout(due);
    for (const stop of stops) stop();
    stream.close();
  };
}

/** Says that a room is about to open, with the way there. */
function remind({ schedule, title, start }: ReminderDue): void {
  const m = t().plan;
  say(m.due(title, relative(start, Date.now())), "info", { label: m.go, run: () => navigate(paths.room(schedule)) });
}
