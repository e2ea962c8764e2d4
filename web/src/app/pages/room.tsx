import type { JSX } from "preact";
import type { Id } from "../../sdk";
import { Loading } from "../parts/loading";
import { EndedPage, PreJoin, RefusedPage } from "../room/prejoin";
import { RoomView } from "../room/room-view";
import { current, enter, type Presence } from "../state/room";

/** /r/{id}: the door, the room, or why it is closed. */
export function RoomPage({ id }: { id: Id }): JSX.Element {
  const presence = current.value;
  if (presence === null || (presence.id !== id && planOf(presence) !== id)) return <PreJoin key={id} id={id} />;
  const state = presence.state.value;
  const status = presence.status.value;
  switch (status.kind) {
    case "refused":
      return (
        <RefusedPage
          error={status.problem}
          room={state?.room ?? presence.door}
          by={presence.removedBy.value}
          onRetry={() => enter(presence.id, { door: presence.door })}
        />
      );
    case "ended":
      // Found over on coming back: the door asks the node what it was.
      return state === null ? <PreJoin key={id} id={id} /> : <EndedPage room={state.room} />;
    case "closed":
      return <PreJoin key={id} id={id} />;
    case "connecting":
    case "live":
    case "reconnecting":
      return state === null ? <Loading /> : <RoomView presence={presence} state={state} />;
  }
}

/** The scheduled room that one's room was opened from: its link leads here too. */
function planOf(presence: Presence): Id | undefined {
  return (presence.state.value?.room ?? presence.door)?.schedule;
}
