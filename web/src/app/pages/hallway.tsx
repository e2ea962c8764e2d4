import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { ChevronDown, Plus, X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Room, Scheduled } from "../../sdk";
import { t } from "../i18n";
import { Colonnade } from "../parts/colonnade";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { useFocusKept } from "../parts/use-focus-kept";
import { RoomCard } from "../room/card";
import { CurrentRoom, MiniBar } from "../room/current-room";
import { Upcoming } from "../room/scheduled";
import { hallwayStatus, rooms, upcoming, watchHallway } from "../state/hallway";
import { hiddenBy, unhide } from "../state/hidden";
import { followed, interests } from "../state/mine";
import { inRoom } from "../state/room";
import { inOrder, isWanted, sections } from "../state/sections";
import { me } from "../state/session";
import type { HiddenCommunity } from "../state/settings";
import { open } from "../state/sheet";
import { say } from "../state/toast";
import { topicsOf } from "../state/topics";
import { AboutCommunity } from "./about-community";
import { FollowTopic, TopicStrip } from "./topic-strip";

/** Who is talking now, and the way to begin. */
export function HallwayPage(): JSX.Element {
  const m = t().hallway;
  const topic = useSignal<string | null>(null);
  const only = useSignal<HiddenCommunity | null>(null);
  useEffect(watchHallway, []);
  const all = rooms.value;
  const hidden = me.value === null ? [] : hiddenBy(me.value.member.key);
  const [here, elsewhere] = sections(all ?? [], hidden);
  const wishes = {
    people: new Set(followed.value.map(({ key }) => key)),
    topics: interests.value?.topics ?? [],
    languages: interests.value?.languages ?? [],
  };
  const planned = upcoming.value.filter(({ community: { id } }) => !hidden.some((one) => one.id === id));
  const topics = topicsOf([...here, ...elsewhere], planned, wishes.topics);
  if (topic.value !== null && !topics.some(({ name }) => name === topic.value)) {
    topics.push({ name: topic.value, followed: false, rooms: 0 }); // its last room ended while one looked at it
  }
  const keep = (one: Room | Scheduled) =>
    (topic.value === null || one.topics.includes(topic.value)) && (only.value === null || one.community.id === only.value.id);
  const shown = elsewhere.filter(keep);
  const live = inOrder(here.filter(keep), wishes);
  const following = inOrder(shown.filter((room) => isWanted(room, wishes)), wishes);
  const others = inOrder(shown.filter((room) => !isWanted(room, wishes)), wishes);
  const present = inRoom.value !== null;
  return (
    <div class={present ? "hallway hallway-in-room" : "hallway"}>
      <AboutCommunity rooms={[...here, ...elsewhere]} only={only} />
      <main id="main" class="hallway-main" tabIndex={-1}>
        <Heading title={m.live} />
        {hallwayStatus.value.kind === "reconnecting" && <Notice text={m.reconnecting} />}
        <TopicStrip topics={topics} chosen={topic} />
        <Chosen topic={topic} only={only} />
        {all === null ? (
          <ul class="cards" aria-busy="true" aria-label={t().common.loading}>
            <li class="card card-ghost" />
            <li class="card card-ghost" />
          </ul>
        ) : live.length > 0 ? (
          <Cards rooms={live} level="h2" />
        ) : topic.value === null && only.value === null ? (
          <Nobody elsewhere={elsewhere.length > 0} />
        ) : (
          shown.length === 0 && <NobodyHere topic={topic} only={only} />
        )}
        {following.length > 0 && (
          <section class="others" aria-labelledby="following" tabIndex={-1}>
            <h2 id="following">{m.following}</h2>
            <Cards rooms={following} level="h3" />
          </section>
        )}
        {others.length > 0 && (
          <section class="others" aria-labelledby="others" tabIndex={-1}>
            <h2 id="others" tabIndex={-1}>
              {m.others}
            </h2>
            <Cards rooms={others} level="h3" />
          </section>
        )}
        {present && <Upcoming keep={keep} />}
        <Hidden communities={hidden} />
      </main>
      <div class="hallway-side">{present ? <CurrentRoom /> : <Upcoming keep={keep} />}</div>
      <div class="dock">
        <MiniBar />
        <button type="button" class="button button-primary button-wide" onClick={() => open({ kind: "start" })}>
          <Plus aria-hidden="true" />
          {m.start}
        </button>
      </div>
    </div>
  );
}

interface Filter {
  topic: Signal<string | null>;
  only: Signal<HiddenCommunity | null>;
}

/** What the rooms were chosen by, and how to follow it or see all again. */
function Chosen({ topic, only }: Filter): JSX.Element | null {
  const m = t().people;
  if (topic.value === null && only.value === null) return null;
  return (
    <div class="row">
      {only.value !== null && (
        <button type="button" class="button" onClick={() => (only.value = null)}>
          {m.onlyOf(only.value.name)}
          <X aria-hidden="true" />
          <span class="visually-hidden">{m.showAll}</span>
        </button>
      )}
      {topic.value !== null && <FollowTopic topic={topic.value} />}
    </div>
  );
}

/** Nobody talks about what was chosen. */
function NobodyHere({ topic, only }: Filter): JSX.Element {
  const m = t().people;
  const all = () => {
    topic.value = null;
    only.value = null;
    document.getElementById("main")?.focus();
  };
  return (
    <div class="card empty-here">
      <p>{topic.value !== null ? m.noneOn(topic.value) : m.noneOf(only.value?.name ?? "")}</p>
      <p>
        <button type="button" class="button" onClick={all}>
          {m.showAll}
        </button>
      </p>
    </div>
  );
}

/** Nobody is in any room of this community. */
function Nobody({ elsewhere }: { elsewhere: boolean }): JSX.Element {
  const m = t().hallway;
  if (elsewhere) {
    return (
      <div class="card empty-here">
        <p>{m.emptyHere}</p>
        <p class="secondary">{m.emptyHereText}</p>
      </div>
    );
  }
  return (
    <div class="empty card">
      <Colonnade />
      <p>
        <span class="lead">{m.emptyTitle}</span> <span class="secondary">{m.emptyText}</span>
      </p>
    </div>
  );
}

function Cards({ rooms, level }: { rooms: readonly Room[]; level: "h2" | "h3" }): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useFocusKept(list, rooms.map((room) => room.id).join(" "));
  return (
    <ul ref={list} class="cards">
      {rooms.map((room) => (
        <RoomCard key={room.id} room={room} level={level} />
      ))}
    </ul>
  );
}

/** Those whose rooms one does not want to see, and the way back. */
function Hidden({ communities }: { communities: readonly HiddenCommunity[] }): JSX.Element | null {
  const m = t().hallway;
  const summary = useRef<HTMLElement>(null);
  if (communities.length === 0) return null;
  const show = ({ id, name }: HiddenCommunity) => {
    if (me.value !== null) unhide(me.value.member.key, id);
    say(m.shown(name));
    (communities.length > 1 ? summary.current : document.getElementById("main"))?.focus();
  };
  return (
    <details class="hidden-communities">
      <summary ref={summary}>
        {m.hidden(communities.length)}
        <ChevronDown aria-hidden="true" />
      </summary>
      <ul class="list">
        {communities.map((c) => (
          <li key={c.id}>
            <p>
              <bdi>{c.name}</bdi>
            </p>
            <button type="button" class="button" aria-label={m.showAgainWhich(c.name)} onClick={() => show(c)}>
              {m.showAgain}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
