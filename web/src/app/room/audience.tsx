import { useSignal } from "@preact/signals";
import { ChevronDown, Hand as HandIcon } from "lucide-preact";
import type { JSX } from "preact";
import type { Person, RoomState } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import type { Presence } from "../state/room";
import { relation } from "../state/mine";
import { client } from "../state/session";
import { open } from "../state/sheet";
import { attempt } from "../state/toast";
import { fingerprint, listeners } from "./people";

/** Those who listen: the first page, which the room keeps up to date, and more on request. */
export function Audience(props: { presence: Presence; state: RoomState; shared: ReadonlySet<string> }): JSX.Element {
  const { state } = props;
  const m = t().room;
  const more = useSignal<readonly Person[]>([]);
  const first = state.audience.people;
  const seen = new Set(first.map((p) => p.key));
  const people = [...first, ...more.value.filter((p) => !seen.has(p.key))];
  const rest = state.audience.count - people.length;
  const raised = new Set(state.hands.map((h) => h.key));
  const invited = new Set(state.offers.map((o) => o.key));
  const showMore = async () => {
    const page = await client.audience(props.presence.id, { offset: people.length, limit: 100 });
    more.value = [...more.value, ...page.people];
  };
  return (
    <section class="audience" id="audience" tabIndex={-1} aria-labelledby="audience-heading">
      <h2 id="audience-heading" class="eyebrow">
        {m.audience}
      </h2>
      <p class="secondary small">{listeners(state)}</p>
      <ul class="audience-grid">
        {people.filter((p) => !relation(p.key).block).map((p) => (
          <li key={p.key} class="listener">
            <button type="button" class="tile-button" onClick={() => open({ kind: "person", who: p.key, name: p.name })}>
              <span class="face">
                <Avatar id={p.key} name={p.name} picture={p.picture} />
                {raised.has(p.key) && (
                  <span class="badge badge-hand">
                    <HandIcon aria-hidden="true" />
                  </span>
                )}
              </span>
              <span class="small two-lines">{p.name}</span>
              {props.shared.has(p.name) && <span class="key">{fingerprint(p.key, 2)}</span>}
            </button>
            {invited.has(p.key) && <span class="secondary small">{m.offered}</span>}
          </li>
        ))}
      </ul>
      <BlockedHere people={people} />
      {rest > 0 && (
        <p class="row">
          <span class="secondary">{m.more(rest)}</span>
          <button type="button" class="button" onClick={() => attempt(showMore())}>
            {m.showMore}
          </button>
        </p>
      )}
    </section>
  );
}

/** Those whom one has blocked, out of sight until one wants to see them. */
function BlockedHere({ people }: { people: readonly Person[] }): JSX.Element | null {
  const blocked = people.filter((p) => relation(p.key).block);
  if (blocked.length === 0) return null;
  return (
    <details class="hidden-communities">
      <summary>
        {t().room.blockedHere(blocked.length)}
        <ChevronDown aria-hidden="true" />
      </summary>
      <ul class="list">
        {blocked.map((p) => (
          <li key={p.key}>
            <button type="button" class="button" onClick={() => open({ kind: "person", who: p.key, name: p.name })}>
              {p.name}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
