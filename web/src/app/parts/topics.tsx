import { X } from "lucide-preact";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n";
import { topic } from "./topic";

interface TopicsProps {
  topics: readonly string[];
  suggestions: readonly string[];
  /** Three, as a room has, without it. */
  most?: number;
  label?: string;
  hint?: string;
  onChange: (topics: string[]) => void;
}

/** A few topics as chips. Enter or a comma takes the typed one; so does leaving the field. */
export function Topics(props: TopicsProps): JSX.Element {
  const m = t().start;
  const { most = 3 } = props;
  const id = useId();
  const typed = useSignal("");
  const take = () => {
    const one = topic(typed.value);
    typed.value = "";
    if (one !== "" && !props.topics.includes(one) && props.topics.length < most) props.onChange([...props.topics, one]);
  };
  const offered = props.suggestions.filter((s) => !props.topics.includes(s));
  return (
    <div class="field">
      <label for={id}>{props.label ?? m.topics}</label>
      {props.topics.length > 0 && (
        <ul class="chips">
          {props.topics.map((one) => (
            <li key={one} class="chip chip-removable">
              {one}
              <button
                type="button"
                class="icon-button"
                aria-label={m.removeTopic(one)}
                onClick={() => props.onChange(props.topics.filter((other) => other !== one))}
              >
                <X aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        id={id}
        list={`${id}-list`}
        value={typed.value}
        disabled={props.topics.length >= most}
        aria-describedby={`${id}-hint`}
        autocomplete="off"
        autocapitalize="none"
        enterkeyhint="next"
        onInput={(e) => {
          typed.value = e.currentTarget.value;
          if (typed.value.endsWith(",") || offered.includes(typed.value)) take();
        }}
        onKeyDown={(e) => {
          if (e.key !== "Enter" || typed.value.trim() === "") return;
          e.preventDefault();
          take();
        }}
        onBlur={take}
      />
      <datalist id={`${id}-list`}>
        {offered.map((s) => (
          <option key={s} value={s} />
        ))}
      </datalist>
      <p class="field-hint" id={`${id}-hint`}>
        {props.hint ?? m.topicsHint}
      </p>
    </div>
  );
}
