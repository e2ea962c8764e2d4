import { ChevronDown, Plus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Room } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Colonnade } from "../parts/colonnade";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { wayIn } from "../parts/rules";
import { RoomCard } from "../room/card";
import { Upcoming } from "../room/scheduled";
import { paths } from "../router";
import { hallwayStatus, rooms, watchHallway } from "../state/hallway";
import { hiddenBy, unhide } from "../state/hidden";
import { inRoom } from "../state/room";
import { community, host, me, outdated } from "../state/session";
import { followed, interests } from "../state/mine";
import { inOrder, isWanted, sections } from "../state/sections";
import type { HiddenCommunity } from "../state/settings";
import { open } from "../state/sheet";
import { say } from "../state/toast";
import { CurrentRoom, MiniBar } from "../room/current-room";

/** Who is talking now, and the way to begin. */
export function HallwayPage(): JSX.Element {
  const m = t().hallway;
  useEffect(watchHallway, []);
  const all = rooms.value;
  const hidden = me.value === null ? [] : hiddenBy(me.value.member.key);
  const [here, elsewhere] = sections(all ?? [], hidden);
  const wishes = {
    people: new Set(followed.value.map(({ key }) => key)),
    topics: interests.value?.topics ?? [],
    languages: interests.value?.languages ?? [],
  };
  const live = inOrder(here, wishes);
  const following = inOrder(elsewhere.filter((room) => isWanted(room, wishes)), wishes);
  const others = inOrder(elsewhere.filter((room) => !isWanted(room, wishes)), wishes);
  return (
    <div class={inRoom.value === null ? "hallway" : "hallway hallway-in-room"}>
      <AboutCommunity />
      <main id="main" class="hallway-main" tabIndex={-1}>
        <Heading title={m.live} />
        {hallwayStatus.value.kind === "reconnecting" && <Notice text={m.reconnecting} />}
        {outdated.value && inRoom.value === null && (
          <Notice text={t().problem.updated} hint={t().problem.updatedHint}>
            <button type="button" class="button" onClick={() => location.reload()}>
              {t().problem.reload}
            </button>
          </Notice>
        )}
        {all === null ? (
          <ul class="cards" aria-busy="true" aria-label={t().common.loading}>
            <li class="card card-ghost" />
            <li class="card card-ghost" />
          </ul>
        ) : (
          <Live live={live} elsewhere={elsewhere.length > 0} />
        )}
        {following.length > 0 && (
          <section class="others" aria-labelledby="following">
            <h2 id="following">{m.following}</h2>
            <Cards rooms={following} level="h3" />
          </section>
        )}
        {others.length > 0 && (
          <section class="others" aria-labelledby="others">
            <h2 id="others" tabIndex={-1}>
              {m.others}
            </h2>
            <Cards rooms={others} level="h3" />
          </section>
        )}
        <Upcoming />
        <Hidden communities={hidden} />
      </main>
      <CurrentRoom />
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

/** The rooms of this community, or that nobody is in any. */
function Live({ live, elsewhere }: { live: readonly Room[]; elsewhere: boolean }): JSX.Element {
  const m = t().hallway;
  if (live.length > 0) return <Cards rooms={live} level="h2" />;
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
      <p class="lead">{m.emptyTitle}</p>
      <p class="secondary">{m.emptyText}</p>
    </div>
  );
}

function Cards({ rooms, level }: { rooms: readonly Room[]; level: "h2" | "h3" }): JSX.Element {
  return (
    <ul class="cards">
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

/** The left column of wide screens: where one is. */
function AboutCommunity(): JSX.Element | null {
  const here = community.value;
  const self = me.value;
  if (here === null || self === null) return null;
  const sponsor = self.chain[1];
  return (
    <aside class="about" aria-label={here.name}>
      <Colonnade />
      <p class="about-name">{here.name}</p>
      <p class="secondary">{t().site.members(here.members)}</p>
      <p class="secondary small">
        {wayIn(here.rules.entry)} <a href={paths.community}>{t().entry.rulesShow}</a>
      </p>
      {sponsor !== undefined && (
        <p class="about-sponsor small">
          <Avatar id={sponsor.key} name={sponsor.name} picture={sponsor.picture} size={28} />
          {t().profile.invitedBy(sponsor.name)}
        </p>
      )}
      <p class="secondary small">{t().site.served(host)}</p>
    </aside>
  );
}
