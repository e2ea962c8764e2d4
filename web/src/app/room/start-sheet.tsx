import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { languageName, locale, t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Field, Select } from "../parts/field";
import { Form, useText } from "../parts/form";
import { fault, tidy, titleLength } from "../parts/text";
import { Named } from "../parts/named";
import { Topics } from "../parts/topics";
import { navigate, paths } from "../router";
import { rooms } from "../state/hallway";
import { enter } from "../state/room";
import { client, community } from "../state/session";
import { close } from "../state/sheet";
import { say } from "../state/toast";
import { PlanFields, soon, wishOf } from "./plan-fields";

// Languages that a room may be in: the commonest, each node's own people may well speak another.
export const spoken = [
  "en", "fr", "ar", "bn", "ca", "cs", "da", "de", "el", "es", "fa", "fi", "he", "hi", "hu", "id", "it", "ja", "ko", "nl",
  "no", "pl", "pt", "ro", "ru", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh",
] as const;

/** Opens a room and enters it. */
export function StartSheet(): JSX.Element {
  const m = t().start;
  const p = t().plan;
  const title = useText();
  const topics = useSignal<string[]>([]);
  const language = useSignal<string>(locale.value);
  const later = useSignal(false);
  const when = useSignal(soon());
  const whenWrong = useSignal(false);
  const check = () => {
    whenWrong.value = later.value && wishOf(when.value) === null;
    const why = fault(title.value, titleLength);
    if (why !== null) title.refuse({ missing: m.titleMissing, long: m.titleLong, characters: m.titleCharacters }[why]);
    return why === null && !whenWrong.value;
  };
  const start = async () => {
    const wish = { title: tidy(title.value), topics: topics.value, language: language.value };
    const time = later.value ? wishOf(when.value) : null;
    if (time !== null) {
      const { id } = await client.schedules.plan({ ...wish, ...time, moderators: [] });
      close();
      navigate(paths.room(id));
      say(t().plan.scheduled);
      return;
    }
    const room = await client.createRoom(wish);
    close();
    enter(room.id);
    navigate(paths.room(room.id));
  };
  const languages = spoken
    .map((value) => ({ value, label: languageName(value) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale.value));
  return (
    <Dialog title={m.title} onClose={close}>
      <Form submit={later.value ? p.schedule : m.start} submitting={later.value ? p.scheduling : m.starting} check={check} onSubmit={start}>
        <Field
          label={m.roomTitle}
          hint={m.roomTitleHint}
          value={title.value}
          error={title.error}
          onText={title.set}
          autocomplete="off"
          required
        />
        <Topics
          topics={topics.value}
          suggestions={[...new Set(rooms.value?.flatMap((r) => r.topics))]}
          onChange={(list) => (topics.value = list)}
        />
        <Select label={m.language} value={language.value} options={languages} onPick={(tag) => (language.value = tag)} />
        <div role="radiogroup" aria-labelledby="when-label" class="field">
          <span id="when-label" class="legend">
            {p.when}
          </span>
          {[false, true].map((value) => (
            <label key={String(value)} class="choice">
              <input type="radio" name="when" checked={later.value === value} onChange={() => (later.value = value)} />
              <span>{value ? p.later : p.now}</span>
            </label>
          ))}
        </div>
        {later.value && <PlanFields when={when} wrong={whenWrong.value} />}
        <div role="radiogroup" aria-labelledby="entry-label" class="field">
          <span id="entry-label" class="legend">
            {m.entry}
          </span>
          <label class="choice">
            <input type="radio" name="entry" value="members" checked />
            <span>
              <Named say={m.entryMembers} name={community.value?.name ?? ""} />
            </span>
          </label>
          <p class="field-hint">{m.entryHint}</p>
        </div>
      </Form>
    </Dialog>
  );
}
