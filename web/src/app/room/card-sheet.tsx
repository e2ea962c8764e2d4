import { EyeOff, Link } from "lucide-preact";
import type { JSX } from "preact";
import { roomLink, type Room } from "../../sdk";
import { t } from "../i18n";
import { copy } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { Named } from "../parts/named";
import { hide, unhide } from "../state/hidden";
import { me } from "../state/session";
import { close } from "../state/sheet";
import { say } from "../state/toast";

/** What one may do about another community's room without entering it. */
export function CardSheet({ room }: { room: Room }): JSX.Element {
  const m = t().hallway;
  const member = me.value?.member.key;
  const copyLink = async () => {
    const copied = await copy(roomLink(location.origin, room.id));
    close();
    say(copied ? t().room.linkCopied : m.linkNotCopied, copied ? "info" : "warning");
  };
  const hideCommunity = (by: string) => {
    const { id, name } = room.community;
    hide(by, room.community);
    close();
    say(m.hiddenNow(name), "info", { label: m.undo, run: () => unhide(by, id) });
    // The card that the focus would return to is gone: it goes to what is left of the section, or to the page.
    requestAnimationFrame(() => (document.getElementById("others") ?? document.getElementById("main"))?.focus());
  };
  return (
    <Dialog title={room.title} onClose={close}>
      <div class="actions">
        <button type="button" onClick={() => void copyLink()}>
          <Link aria-hidden="true" />
          {t().room.copyLink}
        </button>
        {member !== undefined && (
          <button type="button" onClick={() => hideCommunity(member)}>
            <EyeOff aria-hidden="true" />
            <span>
              <Named say={m.hide} name={room.community.name} />
            </span>
          </button>
        )}
      </div>
      <p class="secondary small">{m.hideHint}</p>
    </Dialog>
  );
}
