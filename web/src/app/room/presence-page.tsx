import type { JSX } from "preact";
import { ProblemError, type StreamStatus } from "../../sdk";
import { Door } from "../pages/door";
import { Loading } from "../parts/loading";
import { enter, type Presence } from "../state/room";
import { FullPage } from "./full";
import { MovedPage } from "./moved";
import { EndedPage, RefusedPage } from "./prejoin";
import { RoomView } from "./room-view";

/** The room one is in, or why one is not any more. */
export function PresencePage({ presence, id }: { presence: Presence; id: string }): JSX.Element {
  const state = presence.state.value;
  const status = presence.status.value;
  const again = () => enter(presence.id, { door: presence.door, guest: presence.guest });
  const waits = presence.waits && state === null && isUnderWay(status);
  if (waits || isFull(status)) return <FullPage presence={presence} />;
  switch (status.kind) {
    case "refused":
      return (
        <RefusedPage
          error={status.problem}
          room={state?.room ?? presence.door}
          by={presence.removedBy.value}
          onRetry={again}
        />
      );
    case "ended":
      // Found over on coming back: the door asks the node what it was.
      return state === null ? <Door key={id} id={id} /> : <EndedPage room={state.room} />;
    case "closed":
      if (presence.movedTo.value !== null) return <MovedPage there={presence.movedTo.value !== presence.id} onBack={again} />;
      return <Door key={id} id={id} />;
    case "connecting":
    case "live":
    case "reconnecting":
      return state === null ? <Loading /> : <RoomView presence={presence} state={state} />;
  }
}

/** Whether there is no place just now: another time there is. */
function isFull(status: StreamStatus): boolean {
  const full = ["room-full", "room-guests-full", "home-limit"];
  return status.kind === "refused" && status.problem instanceof ProblemError && full.includes(status.problem.code);
}

function isUnderWay({ kind }: StreamStatus): boolean {
  return kind === "connecting" || kind === "reconnecting";
}
