import { signal } from "@preact/signals";
import { MicrophoneError, type MicrophoneTrouble, OfflineError, ProblemError } from "../../sdk";
import { refusal, t } from "../i18n";
import { permissionsOf } from "./program";

/** A passing message at the foot of the page, said politely by screen readers. */
export interface Toast {
  text: string;
  kind: "info" | "warning";
  /** What may be done about it. It is possible elsewhere as well, later. */
  action?: { label: string; run: () => void };
}

export const toast = signal<Toast | null>(null);

const shownFor = 6_000;
const shownForAction = 12_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a message for a while, in place of the one before. */
export function say(text: string, kind: Toast["kind"] = "info", action?: Toast["action"]): void {
  clearTimeout(timer);
  toast.value = { text, kind, ...(action && { action }) };
  timer = setTimeout(() => (toast.value = null), action === undefined ? shownFor : shownForAction);
}

/** Takes the message away. */
export function hush(): void {
  clearTimeout(timer);
  toast.value = null;
}

/** What went wrong and what to do, in one or two sentences. */
export function explain(error: unknown): string {
  if (error instanceof ProblemError) return refusal(error.code) ?? (error.title === error.code ? t().problem.title : error.title);
  if (error instanceof OfflineError) return t().problem.offline;
  if (error instanceof MicrophoneError) return `${t().mic[error.why]} ${microphoneHint(error.why)}`;
  return t().problem.unexpected;
}

/** What to do about a microphone that cannot be had, in this browser. */
export function microphoneHint(why: MicrophoneTrouble): string {
  const m = t().mic;
  return why === "blocked" ? m.blockedHint[permissionsOf(navigator.userAgent)] : m[`${why}Hint`];
}

/** Does something for the person, and says so if it fails. */
export function attempt(what: Promise<unknown>): void {
  what.catch((error: unknown) => say(explain(error), "warning"));
}
