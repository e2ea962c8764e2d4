import { AudioLines, Cable, CircleX, Keyboard, Link, SlidersHorizontal, UserPlus } from "lucide-preact";
import type { JSX } from "preact";
import { roomLink } from "../../sdk";
import { t } from "../i18n";
import { copy } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { LanguageSwitch } from "../parts/language-switch";
import type { Presence } from "../state/room";
import { close, open } from "../state/sheet";
import { say } from "../state/toast";

/** What one needs rarely. */
export function RoomMenu({ presence }: { presence: Presence }): JSX.Element {
  const m = t().room;
  const copyLink = async () => {
    if (await copy(roomLink(location.origin, presence.id))) {
      close();
      say(m.linkCopied);
    } else if (presence.guest) {
      say(t().hallway.linkNotCopied, "warning");
    } else {
      open({ kind: "invite" }); // where the link can be copied by hand
    }
  };
  return (
    <Dialog title={m.menu} onClose={close}>
      <div class="actions">
        <button type="button" onClick={() => void copyLink()}>
          <Link aria-hidden="true" />
          {m.copyLink}
        </button>
        {!presence.guest && <ForMembers />}
        <button type="button" onClick={() => open({ kind: "shortcuts" })}>
          <Keyboard aria-hidden="true" />
          {t().shortcuts.title}
        </button>
      </div>
      <LanguageSwitch />
      {presence.role.value === "moderator" && (
        <div class="actions actions-danger">
          <button type="button" class="danger" onClick={() => open({ kind: "end" })}>
            <CircleX aria-hidden="true" />
            {m.end}
          </button>
        </div>
      )}
    </Dialog>
  );
}

/** What a guest has no use for. */
function ForMembers(): JSX.Element {
  const m = t().room;
  return (
    <>
      <button type="button" onClick={() => open({ kind: "invite" })}>
        <UserPlus aria-hidden="true" />
        {m.invite}
      </button>
      <button type="button" onClick={() => open({ kind: "sound" })}>
        <AudioLines aria-hidden="true" />
        {t().mic.settings}
      </button>
      <button type="button" onClick={() => open({ kind: "settings" })}>
        <SlidersHorizontal aria-hidden="true" />
        {t().settings.title}
      </button>
      <button type="button" onClick={() => open({ kind: "apps" })}>
        <Cable aria-hidden="true" />
        {t().apps.title}
      </button>
    </>
  );
}
