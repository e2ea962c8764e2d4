import type { JSX } from "preact";
import { Notice } from "../parts/notice";
import { inRoom } from "../state/current";

/** Says, to somebody in a room, that what they are about to do takes them out of it. */
export function Leaves({ say }: { say: (title: string) => string }): JSX.Element | null {
  const title = inRoom.value?.state.value?.room.title;
  return title === undefined ? null : <Notice text={say(title)} />;
}
