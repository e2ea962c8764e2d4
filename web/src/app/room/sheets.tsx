import type { JSX } from "preact";
import { t } from "../i18n";
import { ConfirmDialog } from "../parts/confirm";
import { inRoom, type Presence } from "../state/room";
import { sheet } from "../state/sheet";
import { attempt } from "../state/toast";
import { AppsSheet } from "./apps-sheet";
import { CardSheet } from "./card-sheet";
import { InviteSheet } from "./invite-sheet";
import { JoinSheet } from "./join-sheet";
import { LastSheet } from "./last-sheet";
import { RoomMenu } from "./menu";
import { PersonSheet } from "./person-sheet";
import { QuestionSheet } from "./question-sheet";
import { RemoveSheet } from "./remove-sheet";
import { SettingsSheet } from "./settings-sheet";
import { ShortcutsSheet } from "./shortcuts-sheet";
import { SoundSheet } from "./sound-sheet";
import { StartSheet } from "./start-sheet";
import { TopicsSheet } from "./topics-sheet";

/** The sheet that is open, if one is. */
export function Sheets(): JSX.Element | null {
  const which = sheet.value;
  const presence = inRoom.value;
  if (which === null) return null;
  if (which.kind === "start") return <StartSheet />;
  if (which.kind === "topics") return <TopicsSheet />;
  if (which.kind === "join") return <JoinSheet />;
  if (which.kind === "card") return <CardSheet room={which.room} />;
  if (which.kind === "shortcuts") return <ShortcutsSheet />;
  return presence === null ? null : <RoomSheet presence={presence} />;
}

function RoomSheet({ presence }: { presence: Presence }): JSX.Element | null {
  const which = sheet.value;
  const state = presence.state.value;
  if (which === null || state === null) return null;
  const m = t();
  switch (which.kind) {
    case "person":
      return <PersonSheet presence={presence} state={state} who={which.who} name={which.name} />;
    case "remove":
      return <RemoveSheet presence={presence} who={which.who} name={which.name} />;
    case "question":
      return <QuestionSheet presence={presence} />;
    case "menu":
      return <RoomMenu presence={presence} />;
    case "sound":
      return <SoundSheet presence={presence} />;
    case "apps":
      return <AppsSheet presence={presence} />;
    case "invite":
      return <InviteSheet room={presence.id} entry={state.room.entry} />;
    case "end": {
      const end = () => attempt(presence.session.act({ type: "end" }));
      return <ConfirmDialog title={m.room.endTitle} text={m.room.endText} confirm={m.room.endConfirm} onConfirm={end} />;
    }
    case "last":
      return <LastSheet presence={presence} state={state} next={which.next} />;
    case "settings":
      return <SettingsSheet presence={presence} state={state} />;
    case "start":
    case "topics":
    case "join":
    case "card":
    case "shortcuts":
      return null;
  }
}


