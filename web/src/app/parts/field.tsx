import type { InputHTMLAttributes, JSX, Ref } from "preact";
import { useId } from "preact/hooks";

interface FieldProps extends Omit<InputHTMLAttributes, "onInput" | "ref" | "type" | "value" | "label" | "list"> {
  label: string;
  hint?: string;
  /** What is wrong with the value, and what to do; empty when nothing is. */
  error?: string;
  type?: "text" | "password" | "file" | "date" | "time";
  value?: string;
  field?: Ref<HTMLInputElement>;
  onText?: (value: string) => void;
}

/** A labelled input with its hint and its error, both tied to it for assistive technology. */
export function Field({ label, hint, error, field, onText, ...input }: FieldProps): JSX.Element {
  const id = useId();
  const wrong = error !== undefined && error !== "";
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...input}
        id={id}
        ref={field}
        aria-invalid={wrong}
        aria-describedby={wrong ? `${id}-error` : hint === undefined ? undefined : `${id}-hint`}
        onInput={(e) => onText?.(e.currentTarget.value)}
      />
      {wrong ? (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p class="field-hint" id={`${id}-hint`}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** A labelled file field. The browser's own words would be in the browser's language, not in the page's. */
export function FileField(props: {
  label: string;
  choose: string;
  accept: string;
  file: File | null;
  error: string;
  onPick: (file: File | null) => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="file">
        <span class="button" aria-hidden="true">
          {props.choose}
        </span>
        <span class="secondary one-line">{props.file?.name}</span>
        <input
          id={id}
          type="file"
          accept={props.accept}
          aria-invalid={props.error !== ""}
          aria-describedby={props.error === "" ? undefined : `${id}-error`}
          onChange={(e) => props.onPick(e.currentTarget.files?.[0] ?? null)}
        />
      </div>
      {props.error !== "" && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}

/** A labelled select. */
export function Select(props: {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  /** What is wrong with what is chosen; empty when nothing is. */
  error?: string;
  onPick: (value: string) => void;
}): JSX.Element {
  const id = useId();
  const { error = "" } = props;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        aria-invalid={error !== ""}
        aria-describedby={error === "" ? undefined : `${id}-error`}
        onChange={(e) => props.onPick(e.currentTarget.value)}
      >
        {props.options.map((o) => (
          <option key={o.value} value={o.value} selected={o.value === props.value}>
            {o.label}
          </option>
        ))}
      </select>
      {error !== "" && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
