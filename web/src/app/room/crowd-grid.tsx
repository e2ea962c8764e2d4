import { useSignal } from "@preact/signals";
import { Hand as HandIcon, Mail } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Did, Person } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { stepFrom, type Step } from "../parts/roam";
import { useFocusKept } from "../parts/use-focus-kept";
import type { Crowd, CrowdView } from "../state/crowd";
import { relation } from "../state/mine";
import { open } from "../state/sheet";
import { inSight, placesOf, type Sight } from "./crowd-window";
import { fingerprint, sharedAmong } from "./people";

interface CrowdGridProps {
  crowd: Crowd;
  shared: ReadonlySet<string>;
  raised: ReadonlySet<Did>;
  invited: ReadonlySet<Did>;
}

/**
 * The audience as a grid of which only the rows in sight are in the page. One stop for Tab; the arrow keys go from person
 * to person, to those out of sight too. Assistive technology is told each one's place and how many there are.
 */
export function CrowdGrid({ crowd, shared, raised, invited }: CrowdGridProps): JSX.Element | null {
  const list = useRef<HTMLUListElement>(null);
  const sight = useSignal<Sight>({ columns: 4, from: 0, to: 12 });
  const stop = useSignal(0); // the place of the one stop for Tab
  const wanted = useRef<number | null>(null); // the place that a key has led to, until it has the focus
  const view = crowd.view.value;
  const count = view.count ?? 0;
  const { columns, from, to } = sight.value;

  useEffect(() => {
    const look = () => {
      if (list.current !== null) sight.value = inSight(list.current, crowd.view.peek().count ?? 0, sight.peek());
    };
    look();
    const watch = new ResizeObserver(look);
    if (list.current !== null) watch.observe(list.current);
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      watch.disconnect();
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [crowd, count === 0]);
  useEffect(() => crowd.see(from, to), [crowd, from, to, count]);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const tile = list.current?.querySelector<HTMLElement>(`[data-place="${wanted.current}"] button`);
    if (!tile) return;
    if (document.activeElement === tile) {
      if (tile.getAttribute("aria-disabled") !== "true") wanted.current = null; // who stands there is known
    } else {
      tile.focus();
    }
  });

  const places = placesOf(sight.value, stop.value, count);
  const known = places.map((place) => view.at(place)).filter((p) => p !== undefined);
  const alike = new Set([...shared, ...sharedAmong(known)]);
  const onKeyDown = (e: KeyboardEvent) => {
    const steps: Readonly<Record<string, Step>> = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: "first", End: "last",
      PageUp: -columns * 4, PageDown: columns * 4,
    };
    const step = e.ctrlKey || e.metaKey || e.altKey || e.shiftKey ? undefined : steps[e.key];
    const at = e.target instanceof Element ? e.target.closest("[data-place]")?.getAttribute("data-place") : null;
    if (step === undefined || at === null || at === undefined) return;
    e.preventDefault();
    stop.value = wanted.current = stepFrom(Number(at), step, count);
  };
  const tiles = tilesOf(places, view);
  useFocusKept(list, tiles.map(({ key }) => key).join(" ")); // after a key's own focus
  if (count === 0) return null;
  return (
    <ul
      ref={list}
      class="crowd"
      style={{ "--columns": columns, "--rows": Math.ceil(count / columns) }}
      onKeyDown={onKeyDown}
      onPointerDown={() => (wanted.current = null)}
      onFocusOut={(e) => {
        if (e.relatedTarget instanceof Node && !e.currentTarget.contains(e.relatedTarget)) wanted.current = null;
      }}
    >
      {tiles.map(({ key, place, person }) => (
        <li
          key={key}
          class="listener"
          data-place={place}
          aria-setsize={count}
          aria-posinset={place + 1}
          style={{ "--row": Math.floor(place / columns), "--column": place % columns }}
        >
          <Tile
            person={person}
            tabIndex={place === Math.min(stop.value, count - 1) ? 0 : -1}
            alike={person !== undefined && alike.has(person.name)}
            raised={person !== undefined && raised.has(person.key)}
            invited={person !== undefined && invited.has(person.key)}
            onFocus={() => (stop.value = place)}
          />
        </li>
      ))}
    </ul>
  );
}

interface Placed {
  key: string;
  place: number;
  person: Person | undefined;
}

/** Who stands where. Somebody who moved between two answers of the node may be in both; the earlier place is theirs. */
function tilesOf(places: readonly number[], view: CrowdView): Placed[] {
  const seen = new Set<Did>();
  return places.map((place) => {
    const person = view.at(place);
    if (person === undefined || seen.has(person.key)) return { key: `at ${place}`, place, person: undefined };
    seen.add(person.key);
    return { key: person.key, place, person };
  });
}

interface TileProps {
  person: Person | undefined;
  tabIndex: number;
  alike: boolean;
  raised: boolean;
  invited: boolean;
  onFocus: () => void;
}

function Tile({ person, tabIndex, alike, raised, invited, onFocus }: TileProps): JSX.Element {
  const m = t().room;
  if (person === undefined) {
    return (
      <button type="button" class="tile-button" tabIndex={tabIndex} aria-disabled="true" aria-label={t().common.loading} onFocus={onFocus}>
        <span class="face face-unknown" />
      </button>
    );
  }
  const { key, name, picture } = person;
  const blocked = relation(key).block;
  return (
    <button
      type="button"
      class={blocked ? "tile-button tile-blocked" : "tile-button"}
      tabIndex={tabIndex}
      onFocus={onFocus}
      onClick={() => open({ kind: "person", who: key, name })}
    >
      <span class="face">
        {blocked ? <span class="face face-unknown" /> : <Avatar id={key} name={name} picture={picture} />}
        {(raised || invited) && (
          <span class="badge badge-hand">{invited ? <Mail aria-hidden="true" /> : <HandIcon aria-hidden="true" />}</span>
        )}
      </span>
      <span class={alike ? "small one-line" : "small two-lines"}>{blocked ? t().people.blocked : name}</span>
      {alike && !blocked && <span class="key">{fingerprint(key, 2)}</span>}
      {invited && <span class="visually-hidden">{m.offered}</span>}
    </button>
  );
}
