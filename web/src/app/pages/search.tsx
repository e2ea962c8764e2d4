import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Did, Member } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { alongColumn, roam } from "../parts/roam";
import { TopBar } from "../parts/top-bar";
import { RoomCard } from "../room/card";
import { fingerprint, sharedAmong } from "../room/people";
import { PlanCards } from "../room/scheduled";
import { navigate, paths } from "../router";
import { rooms, upcoming, watchHallway } from "../state/hallway";
import { hiddenBy } from "../state/hidden";
import { followed, interests } from "../state/mine";
import { findPeople, findPlans, findRooms } from "../state/search";
import { client, me } from "../state/session";
import { attempt } from "../state/toast";
import { topicsOf } from "../state/topics";

const pageSize = 30;
const results = ".room-card-title a, .found-person";

/** What the node found in the community. */
interface Found {
  query: string;
  count: number;
  people: readonly Member[];
}

/** Somebody found, and where they can be asked about. */
type Somebody = Member & { home?: Did | null };

/** Looks for rooms and people. What is looked for is in the address, so that Back and a reload come back to it. */
export function SearchPage({ query }: { query: string }): JSX.Element {
  const m = t().people;
  const field = useRef<HTMLInputElement>(null);
  const page = useRef<HTMLElement>(null);
  const found = useSignal<Found | null>(null);
  useEffect(watchHallway, []);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    let wanted = true; // until something else is looked for
    const ask = () =>
      client.people.list(query, { limit: pageSize }).then(({ count, people }) => {
        if (wanted) found.value = { query, count, people };
      });
    const timer = setTimeout(() => attempt(ask()), found.value === null ? 0 : 150);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [query]);
  const showMore = async () => {
    const before = found.value;
    if (before === null) return;
    const { count, people } = await client.people.list(before.query, { offset: before.people.length, limit: pageSize });
    if (found.value === before) found.value = { ...before, count, people: [...before.people, ...people] };
  };
  const links = () => [...(page.current?.querySelectorAll<HTMLElement>(results) ?? [])];
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.target === field.current) {
      if (e.key === "ArrowDown") {
        e.preventDefault();
        links()[0]?.focus();
      }
    } else if (e.key === "ArrowUp" && e.target === links()[0]) {
      e.preventDefault();
      field.current?.focus();
    } else {
      roam(e, links(), alongColumn);
    }
  };
  return (
    <>
      <TopBar />
      <main id="main" ref={page} class="column stack stack-wide" tabIndex={-1} onKeyDown={onKeyDown}>
        <Heading title={m.search} />
        <form
          role="search"
          onSubmit={(e) => {
            e.preventDefault();
            links()[0]?.focus();
          }}
        >
          <div class="field">
            <label for="search">{m.searchLabel}</label>
            <input
              ref={field}
              id="search"
              type="search"
              value={query}
              maxLength={60}
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              enterkeyhint="search"
              aria-describedby="search-hint"
              onInput={(e) => navigate(paths.search(e.currentTarget.value), { replace: true })}
            />
            <p class="field-hint" id="search-hint">
              {m.searchHint}
            </p>
          </div>
        </form>
        <Results query={query} found={found.value} onMore={() => attempt(showMore())} />
      </main>
    </>
  );
}

/** What was found; without a query, what there is. */
function Results({ query, found, onMore }: { query: string; found: Found | null; onMore: () => void }): JSX.Element {
  const m = t().people;
  const hidden = new Set(me.value === null ? [] : hiddenBy(me.value.member.key).map(({ id }) => id));
  const live = (rooms.value ?? []).filter(({ community: { id } }) => !hidden.has(id));
  const asked = query.trim() !== "";
  const fitting = findRooms(live, query);
  const plans = findPlans(upcoming.value, query);
  const members = found?.people ?? [];
  const known = new Set(members.map(({ key }) => key));
  const others: Somebody[] = findPeople(followed.value, query).filter(({ key }) => found !== null && found.count <= members.length && !known.has(key));
  const people: Somebody[] = [...members, ...others];
  const count = (found?.count ?? 0) + others.length;
  const current = found?.query === query;
  const status = !asked || rooms.value === null
    ? ""
    : !current
      ? m.searching
      : fitting.length + plans.length + count === 0
        ? m.nothing(query.trim())
        : m.found(m.foundRooms(fitting.length + plans.length), m.foundPeople(count));
  return (
    <>
      <p role="status" class={status === "" ? "visually-hidden" : "search-status"}>
        {status}
      </p>
      {asked && current && fitting.length + plans.length + count === 0 && <p class="secondary">{m.nothingText}</p>}
      {!asked && <Topics />}
      {fitting.length + plans.length > 0 && (
        <section class="stack" aria-labelledby="found-rooms">
          <h2 id="found-rooms">{m.rooms}</h2>
          {fitting.length > 0 && (
            <ul class="cards">
              {fitting.map((room) => (
                <RoomCard key={room.id} room={room} level="h3" />
              ))}
            </ul>
          )}
          {plans.length > 0 && <PlanCards plans={plans} />}
        </section>
      )}
      {people.length > 0 && (
        <section class="stack" aria-labelledby="found-people">
          <h2 id="found-people">{asked ? m.people : m.everybody}</h2>
          <PeopleFound people={people} />
          {found !== null && found.count > members.length && (
            <p>
              <button type="button" class="button" onClick={onMore}>
                {m.morePeople}
              </button>
            </p>
          )}
        </section>
      )}
    </>
  );
}

function PeopleFound({ people }: { people: readonly Somebody[] }): JSX.Element {
  const shared = sharedAmong(people);
  return (
    <ul class="found-people">
      {people.map(({ key, name, picture, home }) => (
        <li key={key}>
          <a class="found-person" href={paths.person(key, home)}>
            <Avatar id={key} name={name} picture={picture} size={44} />
            <span>
              <bdi class="two-lines">{name || fingerprint(key)}</bdi>
              {shared.has(name) && <span class="key">{fingerprint(key, 2)}</span>}
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Something to begin with: what people talk about. */
function Topics(): JSX.Element | null {
  const m = t().people;
  const topics = topicsOf(rooms.value ?? [], upcoming.value, interests.value?.topics ?? []);
  if (topics.length === 0) return null;
  return (
    <section class="stack" aria-labelledby="search-topics">
      <h2 id="search-topics">{m.topics}</h2>
      <ul class="row">
        {topics.map(({ name }) => (
          <li key={name}>
            <button type="button" class="strip-chip" onClick={() => navigate(paths.search(`#${name}`), { replace: true })}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
