import type { JSX } from "preact";
import { t } from "../i18n";
import { paths, route } from "../router";

/** The way in for a member whose key is in a recovery file. */
export function RestoreLink(): JSX.Element {
  return (
    <a class="text-link" href={paths.restore(route.value.page === "room" ? location.pathname : paths.hallway)}>
      {t().stranger.restore}
    </a>
  );
}
