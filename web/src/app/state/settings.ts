import { effect, signal, type Signal } from "@preact/signals";
import type { Community, Did } from "../../sdk";
import { store, stored } from "./stored";

export type Locale = "en" | "fr";
export type Theme = "system" | "light" | "dark";

/** A community whose rooms a member does not want to see, with the name it bore then. */
export type HiddenCommunity = Readonly<Pick<Community, "id" | "name">>;

/** A setting of this browser, kept across visits where the browser keeps anything. */
function kept<T>(name: string, initial: T, valid: (v: unknown) => v is T): Signal<T> {
  const before = stored(name);
  const cell = signal(valid(before) ? before : initial);
  effect(() => store(name, cell.value));
  return cell;
}

const isBoolean = (v: unknown): v is boolean => typeof v === "boolean";

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v);

const isHidden = (v: unknown): v is HiddenCommunity =>
  isObject(v) && typeof v["id"] === "string" && typeof v["name"] === "string";

const areHidden = (v: unknown): v is Readonly<Record<Did, readonly HiddenCommunity[]>> =>
  isObject(v) && Object.values(v).every((list) => Array.isArray(list) && list.every(isHidden));

export const settings = {
  /** null: the browser's. */
  language: kept<Locale | null>("language", null, (v): v is Locale | null => v === "en" || v === "fr" || v === null),
  theme: kept<Theme>("theme", "system", (v): v is Theme => v === "system" || v === "light" || v === "dark"),
  /** Single keys in a room (WCAG 2.1.4 wants them to be switched off). */
  shortcuts: kept<boolean>("shortcuts", true, isBoolean),
  /** A quiet sound for an offer of the stage. */
  cues: kept<boolean>("cues", true, isBoolean),
  /** What each member who uses this browser has hidden from the hallway. */
  hidden: kept<Readonly<Record<Did, readonly HiddenCommunity[]>>>("hidden", {}, areHidden),
};

/** Keeps the document's theme in step. */
export function startTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (settings.theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = settings.theme.value;
  });
}
