import { X } from "lucide-preact";
import type { JSX } from "preact";
import { languageName, locale, t } from "../i18n";
import { Select } from "./field";
import { spoken } from "./spoken";

/** A few languages as chips, and the others to choose from. */
export function Languages(props: {
  label: string;
  hint: string;
  languages: readonly string[];
  most: number;
  onChange: (languages: string[]) => void;
}): JSX.Element {
  const { languages, onChange } = props;
  const others = spoken
    .filter((tag) => !languages.includes(tag))
    .map((value) => ({ value, label: languageName(value) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale.value));
  return (
    <div class="field">
      {languages.length > 0 && (
        <ul class="chips" aria-label={props.label}>
          {languages.map((tag) => (
            <li key={tag} class="chip chip-removable">
              {languageName(tag)}
              <button
                type="button"
                class="icon-button"
                aria-label={t().start.removeTopic(languageName(tag))}
                onClick={() => onChange(languages.filter((one) => one !== tag))}
              >
                <X aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {languages.length < props.most && (
        <Select
          label={props.label}
          value=""
          options={[{ value: "", label: t().profile.interestLanguageAdd }, ...others]}
          onPick={(tag) => tag !== "" && onChange([...languages, tag])}
        />
      )}
      <p class="field-hint">{props.hint}</p>
    </div>
  );
}
