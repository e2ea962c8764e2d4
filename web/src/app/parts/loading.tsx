import type { JSX } from "preact";
import { t } from "../i18n";
import { Mark } from "./colonnade";

/** While the node is asked. The words come late, so that a quick answer does not flash them. */
export function Loading(): JSX.Element {
  return (
    <main id="main" class="loading" tabIndex={-1} aria-busy="true">
      <Mark />
      <p role="status">{t().common.loading}</p>
    </main>
  );
}
