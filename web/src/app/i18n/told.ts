import type { toldEn } from "./told.en";

/** What a notice has that a sentence is made of. */
export interface Told {
  kind: "reminder" | "person" | "community" | "topic";
  title?: string | undefined;
  /** A name. */
  by?: string | undefined;
  topic?: string | undefined;
  /** When it begins, Unix milliseconds. */
  start?: number | undefined;
}

/** Why somebody is told, in a few words beside the room's title. */
export function why(m: typeof toldEn, language: string, { kind, by, topic, start }: Told, now: number): string {
  const name = by === undefined || by === "" ? m.somebody : by;
  switch (kind) {
    case "person":
      return m.onStage(name);
    case "community":
      return m.opened(name);
    case "topic":
      return topic === undefined ? m.opened(name) : m.onTopic(topic);
    case "reminder":
      if (start === undefined || start <= now) return m.began;
      return m.begins(new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(start));
  }
}
