import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Member, RoomEntry } from "../../sdk";
import { languageName, locale, t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Field, Select } from "../parts/field";
import { Form, useText } from "../parts/form";
import { fault, tidy, titleLength } from "../parts/text";
import { PeopleChooser } from "../parts/people-chooser";
import { Topics } from "../parts/topics";
import { navigate, paths } from "../router";
import { rooms } from "../state/hallway";
import { enter } from "../state/room";
import { client } from "../state/session";
import { close } from "../state/sheet";
import { say } from "../state/toast";
import { EntryChoice } from "./entry-choice";
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
  const entry = useSignal<RoomEntry>("members");
  const chosen = useSignal<readonly Member[]>([]);
  const chosenWrong = useSignal(false);
  const pickEntry = (to: RoomEntry) => {
    entry.value = to;
    chosenWrong.value = false;
  };
  const check = () => {
    whenWrong.value = later.value && wishOf(when.value) === null;
    const why = fault(title.value, titleLength);
    if (why !== null) title.refuse({ missing: m.titleMissing, long: m.titleLong, characters: m.titleCharacters }[why]);
    chosenWrong.value = entry.value === "chosen" && !later.value && chosen.value.length === 0;
    return why === null && !whenWrong.value && !chosenWrong.value;
  };
  const start = async () => {
    const wish = { title: tidy(title.value), topics: topics.value, language: language.value, entry: entry.value };
    const time = later.value ? wishOf(when.value) : null;
    if (time !== null) {
      const { id } = await client.schedules.plan({ ...wish, ...time, moderators: [] });
      close();
      navigate(paths.room(id));
      say(t().plan.scheduled);
      return;
    }
    const room = await client.createRoom({ ...wish, chosen: chosen.value.map((p) => p.key) });
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
        <EntryChoice entry={entry.value} onPick={pickEntry} />
        {entry.value === "chosen" && later.value && <p class="field-hint">{t().door.chosenLater}</p>}
        {entry.value === "chosen" && !later.value && (
          <PeopleChooser
            chosen={chosen.value}
            wrong={chosenWrong.value}
            onChoose={(who) => {
              chosen.value = [...chosen.value, who];
              chosenWrong.value = false;
            }}
            onDrop={(who) => (chosen.value = chosen.value.filter((p) => p.key !== who))}
          />
        )}
      </Form>
    </Dialog>
  );
}
