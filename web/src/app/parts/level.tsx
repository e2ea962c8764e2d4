import { useSignalEffect, type ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { t } from "../i18n";
import { loudness } from "./loudness";

/** A bar that follows the microphone. It is drawn by a custom property, so the page is not drawn anew with it. */
export function LevelMeter(props: { level: ReadonlySignal<number> }): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    ref.current?.style.setProperty("--level", loudness(props.level.value).toFixed(2));
  });
  return (
    <div class="meter" role="img" aria-label={t().mic.level}>
      <div ref={ref} class="meter-bar" />
    </div>
  );
}
