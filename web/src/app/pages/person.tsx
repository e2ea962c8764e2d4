import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Did, Profile } from "../../sdk";
import { languageName, month, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { Loading } from "../parts/loading";
import { TopBar } from "../parts/top-bar";
import { paths } from "../router";
import { RoomCard } from "../room/card";
import { fingerprint } from "../room/people";
import { ChainOf } from "../room/person-sheet";
import { RelationActions } from "../room/relation";
import { client } from "../state/session";

type Shown = { kind: "loading" } | { kind: "there"; profile: Profile } | { kind: "gone" };

/** Somebody, as they say themselves, and who answers for them. */
export function PersonPage({ who, from }: { who: Did; from: Did | null }): JSX.Element {
  const m = t().person;
  const shown = useSignal<Shown>({ kind: "loading" });
  useEffect(() => {
    client.person(who, from).then(
      (profile) => (shown.value = { kind: "there", profile }),
      () => (shown.value = { kind: "gone" }),
    );
  }, [who, from]);
  if (shown.value.kind === "loading") return <Loading />;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        {shown.value.kind === "there" ? (
          <About profile={shown.value.profile} />
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
      {profile.rooms.length > 0 && (
        <section class="stack" aria-labelledby="live-in">
          <h2 id="live-in">{m.liveIn}</h2>
          <ul class="cards">
            {profile.rooms.map((room) => (
              <RoomCard key={room.id} room={room} level="h3" />
            ))}
          </ul>
        </section>
      )}
      <section class="card" aria-label={profile.name}>
        <RelationActions who={profile.key} name={profile.name} home={profile.home} />
      </section>
    </>
  );
}

function ProfileHead({ profile }: { profile: Profile }): JSX.Element {
  const m = t().profile;
  const sponsor = profile.chain[1];
  return (
    <div class="profile-head">
      <Avatar id={profile.key} name={profile.name} picture={profile.picture} size={96} />
      <div class="stack-tight">
        <Heading title={profile.name} />
        <p class="secondary">
          {profile.founder ? m.founder : sponsor !== undefined && m.invitedBy(sponsor.name || fingerprint(sponsor.key))}
          {" · "}
          {month(profile.joined)}
        </p>
        <p class="secondary">
          <bdi>{profile.community.name}</bdi>
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
