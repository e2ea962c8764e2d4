import type { JSX } from "preact";
import type { Microphone, MicrophoneTrouble } from "../../sdk";
import { t } from "../i18n";
import { Select } from "../parts/field";
import { LevelMeter } from "../parts/level";
import { Notice } from "../parts/notice";
import { useReadable } from "../parts/use-readable";
import { attempt, microphoneHint } from "../state/toast";
import { OpenOutside } from "./in-app";

/** Which microphone, and whether it hears anything. */
export function MicrophonePicker({ microphone }: { microphone: Microphone }): JSX.Element {
  const m = t().mic;
  const state = useReadable(microphone.state);
  const devices = useReadable(microphone.devices);
  const level = useReadable(microphone.level);
  const now = state.value;
  const options = devices.value.map((d, i) => ({ value: d.deviceId, label: d.label === "" ? m.unnamed(i + 1) : d.label }));
  const pick = (deviceId: string) => attempt(microphone.open(deviceId));
  return (
    <div class="stack">
      {options.length > 0 && (
        <Select label={m.device} value={now.kind === "open" ? now.deviceId : ""} options={options} onPick={pick} />
      )}
      {now.kind === "open" && (
        <div class="field">
          <LevelMeter level={level} />
          <p class="field-hint">{m.levelHint}</p>
        </div>
      )}
    </div>
  );
}

/** Why there is no microphone, what to do, and that one may go on without. */
export function MicrophoneNotice(props: { why: MicrophoneTrouble; onRetry: () => void; onListen: () => void }): JSX.Element {
  const m = t().mic;
  return (
    <Notice kind="warning" text={m[props.why]} hint={microphoneHint(props.why)}>
      {props.why === "insecure" ? (
        <OpenOutside />
      ) : (
        <button type="button" class="button" onClick={props.onRetry}>
          {t().common.retry}
        </button>
      )}
      <button type="button" class="button" onClick={props.onListen}>
        {m.keepListening}
      </button>
    </Notice>
  );
}
