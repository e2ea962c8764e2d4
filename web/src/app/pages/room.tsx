import type { JSX } from "preact";
import type { Id } from "../../sdk";
import { Loading } from "../parts/loading";
import { current, entering, inside, type Presence } from "../state/current";
import { Door } from "./door";

/** /r/{id}: the door, the room, or why it is closed. */
export function RoomPage({ id }: { id: Id }): JSX.Element {
  if (entering.value === id) return <Loading />;
  const presence = current.value;
  if (presence === null || inside.here === null || (presence.id !== id && planOf(presence) !== id)) return <Door key={id} id={id} />;
  return <inside.here.PresencePage presence={presence} id={id} />;
}

/** The scheduled room that one's room was opened from: its link leads here too. */
function planOf(presence: Presence): Id | undefined {
  return (presence.state.value?.room ?? presence.door)?.schedule;
}
