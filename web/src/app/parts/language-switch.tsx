import type { JSX } from "preact";
import { languages, locale, t } from "../i18n";
import { settings } from "../state/settings";

/** English or French, each named in itself. */
export function LanguageSwitch(): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={t().language.label}>
      {languages.map((l) => (
        <button
          key={l.locale}
          type="button"
          lang={l.locale}
          aria-pressed={locale.value === l.locale}
          onClick={() => (settings.language.value = l.locale)}
        >
          {l.name}
        </button>
      ))}
    </div>
  );
}
