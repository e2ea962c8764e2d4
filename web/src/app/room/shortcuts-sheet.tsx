import type { JSX } from "preact";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Switch } from "../parts/switch";
import { inRoom } from "../state/room";
import { close } from "../state/sheet";

/** The keys of a room. */
export function ShortcutsSheet(): JSX.Element {
  const m = t().shortcuts;
  const guest = inRoom.value?.guest === true;
  const all = [
    ["M", m.mute],
    [m.space, m.talk],
    ["H", m.hand],
    ["P", m.people],
    ["Q", m.hands],
    ["1 – 6", m.reactions],
    ["?", m.help],
  ] as const;
  const keys = all.filter(([key]) => !guest || key === "P" || key === "?");
  return (
    <Dialog title={m.title} onClose={close}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Switch label={m.on} hint={m.off} setting="shortcuts" />
    </Dialog>
  );
}
