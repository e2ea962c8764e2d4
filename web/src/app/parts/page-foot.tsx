import type { JSX } from "preact";
import { t } from "../i18n";
import { host } from "../state/session";
import { LanguageSwitch } from "./language-switch";

/** The foot of every page but a room: which node serves it, and in which language. */
export function PageFoot(): JSX.Element {
  return (
    <footer class="plain-foot">
      <span class="secondary small">{t().site.served(host)}</span>
      <LanguageSwitch />
    </footer>
  );
}
