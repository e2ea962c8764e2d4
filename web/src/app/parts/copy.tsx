import { useSignal } from "@preact/signals";
import { Check, Copy } from "lucide-preact";
import type { JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import { say } from "../state/toast";

/** Puts a text on the clipboard; false where the browser does not let it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Puts figures for whoever is asked for help on the clipboard, and says so: no names, no secrets. */
export async function copyDiagnosis(figures: object): Promise<void> {
  const m = t().common;
  const done = await copy(JSON.stringify(figures, null, 2));
  say(done ? m.diagnosisCopied : m.notCopied, done ? "info" : "warning");
}

const shownFor = 2500;

/** A link to give to somebody, in a field of its own so that it can also be copied by hand. */
export function LinkField(props: { label: string; hint?: string; link: string }): JSX.Element {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const copied = useSignal(false);
  const press = async () => {
    copied.value = await copy(props.link);
    if (!copied.value) field.current?.select();
    setTimeout(() => (copied.value = false), shownFor);
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="link-field">
        <input id={id} ref={field} readOnly value={props.link} onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="button" onClick={() => void press()}>
          {copied.value ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          {t().common.copy}
        </button>
      </div>
      <p class="field-hint" role="status">
        {copied.value ? t().common.copied : props.hint}
      </p>
    </div>
  );
}
