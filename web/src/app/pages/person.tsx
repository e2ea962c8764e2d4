import type { JSX } from "preact";
import type { Did, Profile } from "../../sdk";
import { languageName, month, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { useLoaded } from "../parts/loaded";
import { Loading } from "../parts/loading";
import { Named } from "../parts/named";
import { TopBar } from "../parts/top-bar";
import { paths } from "../router";
import { CommunityBadge, RoomCard } from "../room/card";
import { fingerprint } from "../room/people";
import { ChainOf } from "../room/person-sheet";
import { RelationActions } from "../room/relation";
import { PlanCards } from "../room/scheduled";
import { client, community } from "../state/session";

/** Somebody, as they say themselves, and who answers for them. */
export function PersonPage({ who, from }: { who: Did; from: Did | null }): JSX.Element {
  const m = t().person;
  const { loaded } = useLoaded(() => client.people.get(who, from), `${who} ${from ?? ""}`);
  if (loaded.kind === "loading") return <Loading />;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        {loaded.kind === "there" ? (
          <About profile={loaded.value} />
        ) : (
          <div class="stack">
            <Heading title={m.unknown} />
            <p>{m.unknownText}</p>
            <p>
              <a class="text-link" href={paths.hallway}>
                {t().common.toHallway}
              </a>
            </p>
          </div>
        )}
      </main>
    </>
  );
}

function About({ profile }: { profile: Profile }): JSX.Element {
  const m = t().person;
  return (
    <>
      <ProfileHead profile={profile} />
      <ProfileText profile={profile} />
      <ChainOf chain={profile.chain} />
      <p class="small">
        {m.key} <span class="key">{fingerprint(profile.key)}</span> · {m.home} <span class="key">{fingerprint(profile.home, 1)}</span>
      </p>
      <RoomsOf profile={profile} />
      <section class="card" aria-label={profile.name}>
        <RelationActions who={profile.key} name={profile.name} home={profile.home} />
      </section>
    </>
  );
}

/** The rooms somebody is in or has planned, as far as this node knows. */
export function RoomsOf({ profile: { rooms, upcoming } }: { profile: Profile }): JSX.Element {
  return (
    <>
      {rooms.length > 0 && (
        <section class="stack" aria-labelledby="live-in">
          <h2 id="live-in">{t().person.liveIn}</h2>
          <ul class="cards">
            {rooms.map((room) => (
              <RoomCard key={room.id} room={room} level="h3" />
            ))}
          </ul>
        </section>
      )}
      {upcoming.length > 0 && (
        <section class="stack" aria-labelledby="planned">
          <h2 id="planned">{t().plan.upcoming}</h2>
          <PlanCards plans={upcoming} />
        </section>
      )}
    </>
  );
}

/** Somebody's picture and name, who brought them in and when, and their community. */
export function ProfileHead({ profile }: { profile: Pick<Profile, "key" | "name" | "picture" | "chain" | "founder" | "joined" | "community"> }): JSX.Element {
  const m = t().profile;
  const [, sponsor] = profile.chain;
  const own = profile.community.id === community.value?.id;
  const badge = <CommunityBadge community={profile.community} />;
  return (
    <div class="profile-head">
      <Avatar id={profile.key} name={profile.name} picture={profile.picture} size={96} />
      <div class="stack-tight">
        <Heading title={profile.name}>
          <bdi>{profile.name}</bdi>
        </Heading>
        <p class="secondary">
          {profile.founder ? m.founder : sponsor !== undefined && <Named say={m.invitedBy} name={sponsor.name || fingerprint(sponsor.key)} />}
          {" · "}
          {month(profile.joined)}
        </p>
        <p>
          {own ? (
            <a class="community-link" href={paths.community}>
              {badge}
            </a>
          ) : (
            badge
          )}
        </p>
      </div>
    </div>
  );
}

/** What somebody says of themselves. Their links are shown as they are, and tell nobody where one comes from. */
export function ProfileText({ profile }: { profile: Profile }): JSX.Element | null {
  const m = t().person;
  const { bio, links, topics, languages } = profile;
  if (bio === "" && links.length === 0 && topics.length === 0 && languages.length === 0) return null;
  return (
    <div class="stack">
      {bio !== "" && (
        <p>
          <bdi>{bio}</bdi>
        </p>
      )}
      {(topics.length > 0 || languages.length > 0) && (
        <p class="chips">
          {topics.map((topic) => (
            <span key={topic} class="chip chip-topic">
              {topic}
            </span>
          ))}
          {languages.map((tag) => (
            <span key={tag} class="chip">
              {languageName(tag)}
            </span>
          ))}
        </p>
      )}
      {links.length > 0 && (
        <ul aria-label={m.links}>
          {links.map((link) => (
            <li key={link}>
              <a class="text-link" href={link} rel="noopener noreferrer nofollow" target="_blank">
                {link}
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
