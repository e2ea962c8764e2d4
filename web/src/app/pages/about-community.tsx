import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Room } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Colonnade } from "../parts/colonnade";
import { wayIn } from "../parts/rules";
import { fingerprint } from "../room/people";
import { paths } from "../router";
import { followed } from "../state/mine";
import { communitiesOf, whereabouts } from "../state/sections";
import { community, me } from "../state/session";
import type { HiddenCommunity } from "../state/settings";

/** The left column of wide screens: where one is, whose rooms there are, and where those whom one follows speak. */
export function AboutCommunity(props: { rooms: readonly Room[]; only: Signal<HiddenCommunity | null> }): JSX.Element | null {
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
      <Communities rooms={props.rooms} only={props.only} />
      <Followed rooms={props.rooms} />
    </aside>
  );
}

/** The communities that have rooms now, to see only the rooms of one. */
function Communities({ rooms, only }: { rooms: readonly Room[]; only: Signal<HiddenCommunity | null> }): JSX.Element | null {
  const m = t().people;
  const list = communitiesOf(rooms);
  if (list.length < 2) return null;
  return (
    <section class="beside" aria-labelledby="communities">
      <h2 id="communities" class="eyebrow">
        {m.communities}
      </h2>
      <ul>
        {list.map(({ id, name, rooms: n }) => (
          <li key={id}>
            <button
              type="button"
              class="beside-item"
              aria-pressed={only.value?.id === id}
              onClick={() => (only.value = only.value?.id === id ? null : { id, name })}
            >
              <bdi class="two-lines">{name}</bdi>
              <span class="secondary small">{m.foundRooms(n)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Whom one follows: first those who speak in a room now. */
function Followed({ rooms }: { rooms: readonly Room[] }): JSX.Element {
  const m = t().people;
  const people = whereabouts(followed.value, rooms);
  return (
    <section class="beside" aria-labelledby="followed">
      <h2 id="followed" class="eyebrow">
        {m.followedPeople}
      </h2>
      {people.length === 0 ? (
        <p class="secondary small">{m.nobodyFollowed}</p>
      ) : (
        <ul>
          {people.map(({ key, name, picture, home, room }) => (
            <li key={key}>
              <a class="beside-item" href={room === null ? paths.person(key, home) : paths.room(room.id)}>
                <Avatar id={key} name={name} picture={picture} size={32} />
                <span class="beside-text">
                  <bdi class="one-line">{name || fingerprint(key)}</bdi>
                  {room !== null && <span class="small speaks one-line">{m.speaksIn(room.title)}</span>}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      <a class="text-link small" href={paths.search()}>
        {m.findPeople}
      </a>
    </section>
  );
}
