import { signal } from "@preact/signals";
import { HallwayStream, type Room, type StreamStatus } from "../../sdk";
import { client, refresh } from "./session";

/** The live rooms; null until the node has told them once. */
export const rooms = signal<readonly Room[] | null>(null);

/** How the connection that tells them is doing. */
export const hallwayStatus = signal<StreamStatus>({ kind: "connecting" });

/** Follows the hallway until the returned function is called. The list stays for the next visit. */
export function watchHallway(): () => void {
  const stream = new HallwayStream(client);
  const stops = [
    stream.rooms.subscribe((list) => {
      if (list !== null) rooms.value = list;
    }),
    stream.status.subscribe((status) => {
      const back = status.kind === "live" && hallwayStatus.value.kind === "reconnecting";
      hallwayStatus.value = status;
      if (back) refresh().catch(() => undefined); // it is only news; the next reconnection tries again
    }),
  ];
  stream.open();
  return () => {
    for (const stop of stops) stop();
    stream.close();
  };
}
