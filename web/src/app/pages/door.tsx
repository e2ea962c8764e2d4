import type { JSX } from "preact";
import type { Id } from "../../sdk";
import { GuestDoor } from "../room/guest-door";
import { PreJoin } from "../room/prejoin";
import { me } from "../state/session";

/** What stands before a room, for a member and for anybody else. */
export function Door({ id }: { id: Id }): JSX.Element {
  return me.value === null ? <GuestDoor id={id} /> : <PreJoin id={id} />;
}
