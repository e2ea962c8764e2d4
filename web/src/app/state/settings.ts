import { effect, signal, type Signal } from "@preact/signals";

export type Locale = "en" | "fr";
export type Theme = "system" | "light" | "dark";

/** A setting of this browser, kept across visits where the browser keeps anything. */
function kept<T extends string | boolean | null>(name: string, initial: T, valid: (v: unknown) => v is T): Signal<T> {
  const stored = read(`stoa.${name}`);
  const cell = signal(valid(stored) ? stored : initial);
  effect(() => write(`stoa.${name}`, cell.value));
  return cell;
}

function read(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null; // no storage, or not ours
  }
}

function write(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A browser without storage forgets its settings; nothing else is lost.
  }
}

const isBoolean = (v: unknown): v is boolean => typeof v === "boolean";

export const settings = {
  /** null: the browser's. */
  language: kept<Locale | null>("language", null, (v): v is Locale | null => v === "en" || v === "fr" || v === null),
  theme: kept<Theme>("theme", "system", (v): v is Theme => v === "system" || v === "light" || v === "dark"),
  /** Single keys in a room (WCAG 2.1.4 wants them to be switched off). */
  shortcuts: kept<boolean>("shortcuts", true, isBoolean),
  /** A quiet sound for an offer of the stage. */
  cues: kept<boolean>("cues", true, isBoolean),
};

/** Keeps the document's theme in step. */
export function startTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (settings.theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = settings.theme.value;
  });
}
