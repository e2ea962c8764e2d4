import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import type { Presence } from "../state/room";
import { close } from "../state/sheet";
import { attempt } from "../state/toast";
import { MicrophonePicker } from "./microphone";
import { OutputPicker } from "./output";

/** Which microphone and which loudspeaker, while in the room. */
export function SoundSheet({ presence }: { presence: Presence }): JSX.Element {
  const { microphone, output } = presence.session;
  useEffect(() => presence.session.tryMicrophone(), [presence.session]);
  return (
    <Dialog title={t().mic.settings} onClose={close}>
      {presence.microphone.value.kind !== "open" && (
        <button type="button" class="button" onClick={() => attempt(microphone.open())}>
          {t().prejoin.test}
        </button>
      )}
      <MicrophonePicker microphone={microphone} />
      <OutputPicker output={output} microphone={presence.microphone.value.kind} />
    </Dialog>
  );
}
