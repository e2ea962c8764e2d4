import type { ComponentChildren, JSX } from "preact";
import { host } from "../state/session";
import { t } from "../i18n";
import { Colonnade } from "./colonnade";
import { Heading } from "./heading";
import { LanguageSwitch } from "./language-switch";

/** A page with one thing to do or to say: joining, the recovery file, whatever cannot go on. */
export function PlainPage(props: { title: string; lead?: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="plain">
      <Colonnade />
      <main id="main" class="plain-main stack" tabIndex={-1}>
        <Heading title={props.title} />
        {props.lead !== undefined && <p class="lead">{props.lead}</p>}
        {props.children}
      </main>
      <footer class="plain-foot">
        <span class="secondary small">{t().site.served(host)}</span>
        <LanguageSwitch />
      </footer>
    </div>
  );
}
