import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { roomLink, type Id, type RoomEntry } from "../../sdk";
import { t } from "../i18n";
import { LinkField } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { InviteLink } from "../parts/invite-link";
import { client, me, refresh } from "../state/session";
import { close } from "../state/sheet";
import { attempt } from "../state/toast";

/** Brings people into the room: members by its link, somebody new by an invite that leads here. */
export function InviteSheet({ room, entry }: { room: Id; entry: RoomEntry }): JSX.Element {
  const m = t().invites;
  const link = useSignal<string | null>(null);
  const busy = useSignal(false);
  const left = me.value?.left ?? 0;
  const create = async () => {
    busy.value = true;
    try {
      link.value = (await client.invites.create({ room })).link;
      await refresh();
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={t().room.invite} onClose={close}>
      <LinkField label={t().room.roomLink} hint={t().room.roomLinkHints[entry]} link={roomLink(location.origin, room)} />
      {link.value !== null ? (
        <InviteLink link={link.value} />
      ) : (
        <div class="stack">
          <p>
            {m.newcomers[entry]} <strong>{m.left(left)}</strong>
          </p>
          {left > 0 && (
            <button type="button" class="button button-primary" disabled={busy.value} onClick={() => attempt(create())}>
              {busy.value ? m.creating : m.create}
            </button>
          )}
        </div>
      )}
    </Dialog>
  );
}
