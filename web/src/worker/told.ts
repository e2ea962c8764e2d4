import { why, type Told } from "../app/i18n/told";
import { toldEn } from "../app/i18n/told.en";
import { toldFr } from "../app/i18n/told.fr";

/** What is shown of a message. */
export interface Shown {
  title: string;
  body: string;
  /** Where it leads, on this node. */
  path: string;
  /** Another message of the same tag takes its place. */
  tag: string;
  language: string;
}

const kinds: readonly unknown[] = ["reminder", "person", "community", "topic"] satisfies Told["kind"][];

/** Reads a message. Of one that this version does not understand it says that something is waiting: it has to say something. */
export function told(text: string, now: number): Shown {
  const message = parse(text);
  const language = message["language"] === "fr" ? "fr" : "en";
  const m = language === "fr" ? toldFr : toldEn;
  const { kind, room } = message;
  const words = (name: string) => (typeof message[name] === "string" ? message[name] : undefined);
  if (!kinds.includes(kind) || typeof room !== "string" || !/^[\w-]{43}$/.test(room)) {
    return { title: "Stoa", body: m.waiting, path: "/notices", tag: "stoa", language };
  }
  const start = typeof message["start"] === "number" ? message["start"] : undefined;
  const said = why(m, language, { kind: kind as Told["kind"], by: words("by"), topic: words("topic"), start }, now);
  const community = words("community");
  return {
    title: words("title") ?? community ?? "Stoa",
    body: community === undefined ? said : `${said} · ${community}`,
    path: `/r/${room}`,
    tag: room,
    language,
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
