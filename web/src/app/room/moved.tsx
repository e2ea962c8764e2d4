import type { JSX } from "preact";
import { t } from "../i18n";
import { ClosedRoomPage } from "../pages/trouble";

/** The sound is in another tab of this browser now: in this room, or in the one that was entered there. */
export function MovedPage(props: { there: boolean; onBack: () => void }): JSX.Element {
  const m = t().replaced;
  return (
    <ClosedRoomPage
      title={m.title}
      text={props.there ? t().door.movedThere : m.text}
      action={{ label: props.there ? t().door.comeBack : m.action, run: props.onBack }}
    />
  );
}
