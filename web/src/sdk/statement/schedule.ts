// When a room is planned for. The node works out the dates; here is only what a statement may say.

/** A day of the week, as RFC 5545 abbreviates it, in small letters. */
export const weekdays = ["mo", "tu", "we", "th", "fr", "sa", "su"] as const;
export type Weekday = (typeof weekdays)[number];

/** When a room comes again. Without `until` and `dates` it has no end. */
export interface Repeat {
  every: "daily" | "weekly" | "monthly";
  interval: number;
  days?: Weekday[];
  until?: string;
  dates?: number;
}

/** A date of a rule that takes place at another time, or, without `start`, not at all. */
export interface Exception {
  day: string;
  start?: string;
}

const first = Date.UTC(2020);
const last = Date.UTC(9999, 11, 31, 23, 59);

/** A time on the wall (2027-02-02T19:30) as if it were in UTC, in milliseconds; null for what is none. */
export function wallTime(text: string): number | null {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? within(text, `${text}:00.000Z`) : null;
}

/** A day (2027-02-02) likewise. */
export function wallDay(text: string): number | null {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? within(text, `${text}T00:00:00.000Z`) : null;
}

function within(text: string, iso: string): number | null {
  const at = Date.parse(iso);
  if (Number.isNaN(at) || at < first || at > last) return null;
  return new Date(at).toISOString().startsWith(text) ? at : null; // not the 30th of February
}

/** The day of the week of a time on the wall. */
export function weekdayOf(at: number): Weekday {
  return weekdays[(new Date(at).getUTCDay() + 6) % 7] ?? "mo";
}

/** Whether a rule fits the first date. */
export function fits({ every, days = [], until, dates = 0 }: Repeat, start: string): boolean {
  const at = wallTime(start);
  if (at === null) return false;
  if ((every === "weekly") !== days.length > 0) return false;
  if (every === "weekly" && !days.includes(weekdayOf(at))) return false;
  if (until === undefined) return true;
  const end = wallDay(until);
  return dates === 0 && end !== null && end >= at - (at % 86_400_000);
}

/** Whether exceptions are of a rule, each of another day, in order. */
export function fitExceptions(list: readonly Exception[], repeats: boolean): boolean {
  return (repeats || list.length === 0) && list.every(({ day }, i) => i === 0 || (list[i - 1]?.day ?? "") < day);
}
