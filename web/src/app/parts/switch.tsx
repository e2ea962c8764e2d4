import type { JSX } from "preact";
import { settings } from "../state/settings";

/** A setting of this browser that is on or off. */
export function Switch(props: { label: string; hint?: string; setting: "shortcuts" | "cues" }): JSX.Element {
  const setting = settings[props.setting];
  return (
    <label class="choice">
      <input type="checkbox" checked={setting.value} onChange={(e) => (setting.value = e.currentTarget.checked)} />
      <span>
        {props.label}
        {props.hint !== undefined && <span class="secondary small block">{props.hint}</span>}
      </span>
    </label>
  );
}
