import { Lock, Plus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Room } from "../../sdk";
import { languageName, list, locale, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Colonnade } from "../parts/colonnade";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { paths } from "../router";
import { hallwayStatus, rooms, watchHallway } from "../state/hallway";
import { inRoom } from "../state/room";
import { community, host, me, outdated } from "../state/session";
import { open } from "../state/sheet";
import { CurrentRoom, MiniBar } from "../room/current-room";

/** Who is talking now, and the way to begin. */
export function HallwayPage(): JSX.Element {
  const m = t().hallway;
  useEffect(watchHallway, []);
  const live = rooms.value;
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
        {live === null ? (
          <ul class="cards" aria-busy="true" aria-label={t().common.loading}>
            <li class="card card-ghost" />
            <li class="card card-ghost" />
          </ul>
        ) : live.length === 0 ? (
          <div class="empty card">
            <Colonnade />
            <p class="lead">{m.emptyTitle}</p>
            <p class="secondary">{m.emptyText}</p>
          </div>
        ) : (
          <ul class="cards">
            {live.map((room) => (
              <RoomCard key={room.id} room={room} />
            ))}
          </ul>
        )}
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

function RoomCard({ room }: { room: Room }): JSX.Element {
  const m = t().hallway;
  const names = room.speakers.map((p) => p.name);
  return (
    <li class="card room-card">
      <RoomChips room={room} />
      <h2>
        <a href={paths.room(room.id)}>{room.title}</a>
      </h2>
      <div class="room-card-people">
        <span class="avatars">
          {room.speakers.slice(0, 2).map((p) => (
            <Avatar key={p.key} id={p.key} name={p.name} size={44} />
          ))}
        </span>
        <div class="room-card-names">
          <p class="clamp">{names.length === 0 ? m.nobodyOnStage : list(names)}</p>
          <p class="secondary small">{m.people(room.stage, room.listening)}</p>
        </div>
      </div>
    </li>
  );
}

/** What a room is about and who may enter. */
export function RoomChips({ room }: { room: Room }): JSX.Element {
  return (
    <p class="chips">
      {room.topics.map((topic) => (
        <span key={topic} class="chip chip-topic">
          {topic}
        </span>
      ))}
      {room.language.split("-")[0] !== locale.value && <span class="chip">{languageName(room.language)}</span>}
      <span class="chip">
        <Lock aria-hidden="true" />
        {t().hallway.membersOnly}
      </span>
    </p>
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
      <p class="secondary small">{t().site.byInvitation}</p>
      {sponsor !== undefined && (
        <p class="about-sponsor small">
          <Avatar id={sponsor.key} name={sponsor.name} size={28} />
          {t().profile.invitedBy(sponsor.name)}
        </p>
      )}
      <p class="secondary small">{t().site.served(host)}</p>
    </aside>
  );
}
