import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import type { RoomWish } from "../../sdk";
import { languageName, locale, t } from "../i18n";
import { Field, Select } from "../parts/field";
import { useText, type TextField } from "../parts/form";
import { spoken } from "../parts/spoken";
import { fault, tidy, titleLength } from "../parts/text";
import { Topics } from "../parts/topics";
import { rooms } from "../state/hallway";

/** What a room is about, as it is being filled in. */
export interface About {
  title: TextField;
  topics: Signal<string[]>;
  language: Signal<string>;
  /** False where the title cannot be; its field says why. */
  check: () => boolean;
  wish: () => Pick<RoomWish, "title" | "topics" | "language">;
}

/** What a new room is about, or one that there is already. */
export function useAbout(known: Pick<RoomWish, "title" | "topics" | "language"> | null = null): About {
  const title = useText(known?.title);
  const topics = useSignal<string[]>(known?.topics ?? []);
  const language = useSignal(known?.language ?? locale.value);
  const check = () => {
    const m = t().start;
    const why = fault(title.value, titleLength);
    if (why !== null) title.refuse({ missing: m.titleMissing, long: m.titleLong, characters: m.titleCharacters }[why]);
    return why === null;
  };
  const wish = () => ({ title: tidy(title.value), topics: topics.value, language: language.value });
  return { title, topics, language, check, wish };
}

/** Title, topics and language. */
export function AboutFields({ about: { title, topics, language } }: { about: About }): JSX.Element {
  const m = t().start;
  const languages = [...new Set([...spoken, language.value])]
    .map((value) => ({ value, label: languageName(value) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale.value));
  return (
    <>
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
    </>
  );
}
