import type { JSX } from "preact";
import { t } from "../i18n";
import { paths, route } from "../router";
import { close } from "../state/sheet";

/** The way in for a member whose key is in a recovery file: another page, which no sheet may lie over. */
export function RestoreLink(): JSX.Element {
  return (
    <a class="text-link" href={paths.restore(route.value.page === "room" ? location.pathname : paths.hallway)} onClick={close}>
      {t().stranger.restore}
    </a>
  );
}
