import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Me, Profile } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Field, FileField } from "../parts/field";
import { Languages } from "../parts/languages";
import { shrink } from "../parts/shrink";
import { fault, length, nameLength, tidy } from "../parts/text";
import { Topics } from "../parts/topics";
import { choose, interests } from "../state/mine";
import { client, refresh } from "../state/session";
import { attempt, explain, say } from "../state/toast";
import { RoomsOf } from "./person";

const bioLength = 300;
const bioBytes = 1000;
const mostLinks = 4;
const mostTopics = 8;
const mostSpoken = 6;
const mostUnderstood = 16;

/** One's rooms, and what one says of oneself. */
export function EditProfile({ self }: { self: Me }): JSX.Element | null {
  const profile = useSignal<Profile | null>(null);
  useEffect(() => attempt(client.people.get(self.member.key).then((p) => (profile.value = p))), [self.member.key]);
  if (profile.value === null) return null;
  return (
    <>
      <RoomsOf profile={profile.value} />
      <ProfileForm profile={profile.value} onSaved={(p) => (profile.value = p)} />
    </>
  );
}

function ProfileForm({ profile, onSaved }: { profile: Profile; onSaved: (p: Profile) => void }): JSX.Element {
  const m = t().profile;
  const name = useSignal(profile.name);
  const bio = useSignal(profile.bio);
  const links = useSignal(profile.links.join(" "));
  const topics = useSignal<readonly string[]>(profile.topics);
  const languages = useSignal<readonly string[]>(profile.languages);
  const picture = useSignal<string | null>(profile.picture ?? null);
  const fresh = useSignal<{ blob: Blob; url: string } | null>(null);
  const nameError = useSignal("");
  const nameField = useRef<HTMLInputElement>(null);
  const error = useSignal("");
  const pictureError = useSignal("");
  const busy = useSignal(false);
  const pick = async (file: File | null) => {
    pictureError.value = "";
    if (file === null) return;
    try {
      const blob = await shrink(file);
      fresh.value = { blob, url: URL.createObjectURL(blob) };
    } catch {
      pictureError.value = m.pictureUnreadable;
    }
  };
  const save = async (e: Event) => {
    e.preventDefault();
    if (busy.value) return;
    const listed = links.value.split(/\s+/).filter((link) => link !== "");
    const nameFault = fault(name.value, nameLength);
    nameError.value = error.value = "";
    if (nameFault !== null) {
      nameField.current?.focus();
      nameError.value = { missing: t().join.nameMissing, long: t().join.nameLong, characters: t().join.nameCharacters }[nameFault];
    } else if (tidy(bio.value) !== "" && (fault(bio.value, bioLength, bioBytes) ?? "ok") !== "ok") {
      error.value = m.bioWrong;
    } else if (listed.length > mostLinks || listed.some((link) => !/^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?([/?#][!-~]*)?$/.test(link) || link.length > 160)) {
      error.value = m.linksWrong;
    } else {
      busy.value = true;
      try {
        const wish = {
          name: name.value, bio: bio.value, links: [...new Set(listed)], topics: topics.value, languages: languages.value, picture: picture.value,
        };
        await client.people.setProfile(wish, fresh.value?.blob ?? null);
        const saved = await client.people.get(profile.key);
        picture.value = saved.picture ?? null;
        fresh.value = null;
        onSaved(saved);
        await refresh();
        say(m.saved);
      } catch (refused) {
        error.value = explain(refused);
      } finally {
        busy.value = false;
      }
    }
  };
  const id = useId();
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.edit}</h2>
      <form class="stack" onSubmit={(e) => void save(e)} noValidate>
        <div class="row picture-row">
          <Avatar id={profile.key} name={name.value} picture={fresh.value?.url ?? picture.value ?? undefined} size={72} />
          <FileField
            label={m.picture}
            choose={m.pictureChoose}
            accept="image/*"
            file={null}
            error={pictureError.value}
            onPick={(file) => void pick(file)}
          />
          {(picture.value ?? fresh.value) !== null && (
            <button type="button" class="button" onClick={() => (picture.value = fresh.value = null)}>
              {m.pictureRemove}
            </button>
          )}
        </div>
        <Field
          label={t().join.name}
          value={name.value}
          error={nameError.value}
          autocomplete="nickname"
          field={nameField}
          onText={(v) => (name.value = v)}
        />
        <Field label={m.bio} hint={m.bioHint(bioLength - length(tidy(bio.value)))} value={bio.value} onText={(v) => (bio.value = v)} />
        <Field label={m.links} hint={m.linksHint} value={links.value} inputMode="url" onText={(v) => (links.value = v)} />
        <Topics
          topics={topics.value}
          suggestions={[]}
          most={mostTopics}
          label={m.topics}
          hint={m.topicsHint}
          onChange={(list) => (topics.value = list)}
        />
        <Languages
          label={m.languages}
          hint={m.languagesHint}
          languages={languages.value}
          most={mostSpoken}
          onChange={(list) => (languages.value = list)}
        />
        {error.value !== "" && (
          <p class="field-error" role="alert">
            {error.value}
          </p>
        )}
        <div class="row">
          <button type="submit" class="button button-primary" aria-disabled={busy.value}>
            {m.save}
          </button>
        </div>
      </form>
    </section>
  );
}

/** What one wants to hear of. It is kept at once. */
export function Interests(): JSX.Element | null {
  const m = t().profile;
  const id = useId();
  const now = interests.value;
  if (now === null) return null;
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.interests}</h2>
      <Topics
        topics={now.topics}
        suggestions={[]}
        most={32}
        label={m.interestTopics}
        hint={m.interestTopicsHint}
        onChange={(topics) => attempt(choose({ topics }))}
      />
      <Languages
        label={m.interestLanguages}
        hint={m.interestLanguagesHint}
        languages={now.languages}
        most={mostUnderstood}
        onChange={(languages) => attempt(choose({ languages }))}
      />
    </section>
  );
}
