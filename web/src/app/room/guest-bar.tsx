import { Users, UserPlus } from "lucide-preact";
import type { JSX } from "preact";
import type { RoomState } from "../../sdk";
import { t } from "../i18n";
import type { Presence } from "../state/room";
import { open } from "../state/sheet";
import { askToLeave } from "./leaving";
import { listeners } from "./people";

/** What somebody can do who only listens: leave, or become a member. */
export function GuestBar({ presence }: { presence: Presence }): JSX.Element {
  const m = t().door;
  return (
    <footer class="bottom">
      <p class="bottom-status">{m.asGuest}</p>
      <div class="bottom-bar">
        <button type="button" class="button button-danger leave-button" onClick={() => askToLeave(presence)}>
          {t().room.leave}
        </button>
        <span class="bottom-tools" />
        <button type="button" class="button button-primary primary-control" onClick={() => open({ kind: "join" })}>
          <UserPlus aria-hidden="true" />
          {t().join.submit}
        </button>
      </div>
    </footer>
  );
}

/** How many listen: who they are is not for guests. */
export function GuestAudience({ state }: { state: RoomState }): JSX.Element {
  return (
    <section class="audience" id="audience" tabIndex={-1} aria-labelledby="audience-heading">
      <h2 id="audience-heading" class="eyebrow">
        {t().room.audience}
      </h2>
      <p class="guest-audience">
        <Users aria-hidden="true" />
        {listeners(state)}
      </p>
      <p class="secondary small">{t().door.noNames}</p>
    </section>
  );
}
