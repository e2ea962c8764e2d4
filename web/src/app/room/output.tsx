import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { MicrophoneState, SoundOutput } from "../../sdk";
import { t } from "../i18n";
import { Select } from "../parts/field";
import { useReadable } from "../parts/use-readable";
import { attempt } from "../state/toast";

/** Where the sound comes out, where the browser lets a page choose and there is a choice. */
export function OutputPicker(props: { output: SoundOutput; microphone: MicrophoneState["kind"] }): JSX.Element | null {
  const { output } = props;
  const m = t().mic;
  const devices = useReadable(output.devices);
  const current = useReadable(output.current);
  useEffect(() => output.open(), [output, props.microphone]);
  const named = devices.value.filter((d) => d.deviceId !== "default");
  if (named.length === 0) return null;
  const options = named.map((d, i) => ({ value: d.deviceId, label: d.label === "" ? m.unnamedOutput(i + 1) : d.label }));
  return (
    <Select
      label={m.output}
      value={current.value}
      options={[{ value: "", label: m.systemOutput }, ...options]}
      onPick={(deviceId) => attempt(output.choose(deviceId))}
    />
  );
}
