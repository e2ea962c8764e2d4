import type { JSX } from "preact";
import { ProblemError, type Id, type StreamStatus } from "../../sdk";
import { Loading } from "../parts/loading";
import { FullPage } from "../room/full";
import { GuestDoor } from "../room/guest-door";
import { EndedPage, PreJoin, RefusedPage } from "../room/prejoin";
import { RoomView } from "../room/room-view";
import { MovedPage } from "../room/moved";
import { current, enter, type Presence } from "../state/room";
import { me } from "../state/session";

/** /r/{id}: the door, the room, or why it is closed. */
export function RoomPage({ id }: { id: Id }): JSX.Element {
  const presence = current.value;
  if (presence === null || (presence.id !== id && planOf(presence) !== id)) return <Door key={id} id={id} />;
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

/** What stands before a room, for a member and for anybody else. */
function Door({ id }: { id: Id }): JSX.Element {
  return me.value === null ? <GuestDoor id={id} /> : <PreJoin id={id} />;
}

/** Whether there is no place just now: another time there is. */
function isFull(status: StreamStatus): boolean {
  const full = ["room-full", "room-guests-full", "home-limit"];
  return status.kind === "refused" && status.problem instanceof ProblemError && full.includes(status.problem.code);
}

function isUnderWay({ kind }: StreamStatus): boolean {
  return kind === "connecting" || kind === "reconnecting";
}

/** The scheduled room that one's room was opened from: its link leads here too. */
function planOf(presence: Presence): Id | undefined {
  return (presence.state.value?.room ?? presence.door)?.schedule;
}
