import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import type { RoomState } from "../../sdk";
import { t } from "../i18n";
import { Crowd } from "../state/crowd";
import type { Presence } from "../state/room";
import { client } from "../state/session";
import { CrowdGrid } from "./crowd-grid";
import { listeners } from "./people";

// Fewer are found at a glance.
const searchFrom = 13;

/** Those who listen. The room keeps the first ones up to date; the others are asked for as they come into sight. */
export function Audience(props: { presence: Presence; state: RoomState; shared: ReadonlySet<string> }): JSX.Element {
  const { presence, state } = props;
  const m = t().room;
  const typed = useSignal("");
  const crowd = useMemo(
    () => new Crowd(({ query, ...page }) => client.rooms.audience(presence.id, page, query)),
    [presence.id],
  );
  useLayoutEffect(() => crowd.hear(state.audience), [crowd, state.audience]);
  useEffect(() => {
    const timer = setTimeout(() => crowd.search(typed.value.trim()), typed.value === "" ? 0 : 200);
    return () => clearTimeout(timer);
  }, [crowd, typed.value]);
  const raised = new Set(state.hands.map((h) => h.key));
  const invited = new Set(state.offers.map((o) => o.key));
  const found = useComputed(() => {
    const { query, count } = crowd.view.value;
    if (query === "" || count === null) return "";
    return count === 0 ? t().people.nobodyCalled(query) : t().people.foundPeople(count);
  });
  return (
    <section class="audience" id="audience" tabIndex={-1} aria-labelledby="audience-heading">
      <div class="section-head">
        <div>
          <h2 id="audience-heading" class="eyebrow">
            {m.audience}
          </h2>
          <p class="secondary small">{listeners(state)}</p>
        </div>
        {(state.audience.count >= searchFrom || typed.value !== "") && (
          <input
            type="search"
            class="crowd-search"
            aria-label={t().people.searchAudience}
            placeholder={t().people.searchAudience}
            value={typed.value}
            maxLength={60}
            autocomplete="off"
            spellcheck={false}
            onInput={(e) => (typed.value = e.currentTarget.value)}
          />
        )}
      </div>
      <p role="status" class={found.value === "" ? "visually-hidden" : "small"}>
        {found.value}
      </p>
      {state.audience.people.length > 0 && <CrowdGrid crowd={crowd} shared={props.shared} raised={raised} invited={invited} />}
    </section>
  );
}
