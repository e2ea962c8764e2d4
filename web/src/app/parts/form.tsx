import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { explain } from "../state/toast";
import { Notice } from "./notice";

interface FormProps {
  /** What the button says, and what it says while the form is under way. */
  submit: string;
  submitting: string;
  /** Nothing is sent twice: the button, which keeps the focus, rests until the promise settles. A rejection is shown above the button. */
  onSubmit: () => Promise<void>;
  /** False keeps the form from being sent; whoever says so shows why in a field. */
  check?: () => boolean;
  /** Whether the button is for something that hurts. */
  danger?: boolean;
  /** Whether another form of the page is the one that most people want. */
  second?: boolean;
  explainError?: (error: unknown) => string;
  after?: ComponentChildren;
  children: ComponentChildren;
}

/** What onSubmit rejects with when a field already shows what is wrong. */
export class FieldRefused extends Error {}

/** A form with one primary button. The first wrong field gets the focus. */
export function Form(props: FormProps): JSX.Element {
  const busy = useSignal(false);
  const failure = useSignal<string | null>(null);
  const ref = useRef<HTMLFormElement>(null);
  const submit = async (e: Event) => {
    e.preventDefault();
    if (busy.value) return;
    failure.value = null;
    // After the fields have been drawn with their errors.
    const show = () => requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    if (props.check?.() === false) {
      show();
      return;
    }
    busy.value = true;
    try {
      await props.onSubmit();
    } catch (error) {
      if (error instanceof FieldRefused) show();
      else failure.value = (props.explainError ?? explain)(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form ref={ref} class="stack" noValidate onSubmit={submit}>
      {props.children}
      {failure.value !== null && <Notice kind="warning" text={failure.value} />}
      <div class="sheet-actions">
        <button type="submit" class={`button button-wide ${props.danger === true ? "button-danger" : props.second === true ? "" : "button-primary"}`} aria-disabled={busy.value}>
          {busy.value ? props.submitting : props.submit}
        </button>
        {props.after}
      </div>
    </form>
  );
}

/** The text of a field and what is wrong with it. */
export interface TextField {
  readonly value: string;
  readonly error: string;
  readonly set: (value: string) => void;
  readonly refuse: (why: string) => void;
}

/** A field's state for as long as the component lives. A change takes the error away. */
export function useText(initial = ""): TextField {
  const value = useSignal(initial);
  const error = useSignal("");
  return {
    get value() {
      return value.value;
    },
    get error() {
      return error.value;
    },
    set: (text) => {
      value.value = text;
      error.value = "";
    },
    refuse: (why) => (error.value = why),
  };
}
