import { UserPlus } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n";
import { open } from "../state/sheet";

/** Opens the sheet that makes an invite. It stands at the foot of the room; where that is too narrow for it, in its head. */
export function InviteButton({ at }: { at: "head" | "foot" }): JSX.Element {
  return (
    <button type="button" class={`icon-button invite-at-${at}`} aria-label={t().room.invite} onClick={() => open({ kind: "invite" })}>
      <UserPlus aria-hidden="true" />
    </button>
  );
}
