import { computed } from "@preact/signals";
import { locale, t } from "./words";

export { languages, loadPageWords, loadRefusals, locale, refusal, startLanguage, t, tp } from "./words";

/** The language in use with the browser's region, if it has one for it: dates and lists differ between regions. */
const region = computed(() => navigator.languages.find((tag) => tag.split("-")[0] === locale.value) ?? locale.value);

const aDay = 86_400_000;

const units = [
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** A moment within a sentence: "in 2 hours", "3 minutes ago", from a day on "on 12 May". For times in Unix milliseconds. */
export function relative(time: number, now: number): string {
  return Math.abs(time - now) >= aDay ? t().common.on(dateOf(time, now)) : near(time, now);
}

/** The same by itself: "3 minutes ago", "12 May". */
export function ago(time: number, now: number): string {
  return Math.abs(time - now) >= aDay ? dateOf(time, now) : near(time, now);
}

/** A day, as in "12 May"; with the year where it is another than now. */
function dateOf(time: number, now: number): string {
  const thisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(region.value, { day: "numeric", month: "short", ...(!thisYear && { year: "numeric" }) }).format(time);
}

function near(time: number, now: number): string {
  const format = new Intl.RelativeTimeFormat(region.value, { numeric: "auto" });
  for (const [unit, length] of units) {
    if (Math.abs(time - now) >= length) return format.format(Math.round((time - now) / length), unit);
  }
  return time <= now ? t().room.justNow : format.format(0, "minute");
}

/** How long: "45 s", "3 min", "2 hr", "1 day". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [value, unit] =
    seconds < 60
      ? [seconds, "second"]
      : seconds < 3600
        ? [Math.floor(seconds / 60), "minute"]
        : seconds < 86_400
          ? [Math.floor(seconds / 3600), "hour"]
          : [Math.floor(seconds / 86_400), "day"];
  return new Intl.NumberFormat(region.value, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** A moment, as in "12 May 2026, 14:03". */
export function moment(time: number): string {
  return new Intl.DateTimeFormat(region.value, { dateStyle: "medium", timeStyle: "short" }).format(time);
}

/** The clock as the language writes it: 7:30 pm, but 07:30. */
const clockParts = computed<Intl.DateTimeFormatOptions>(() => {
  const { hour12 = false } = new Intl.DateTimeFormat(region.value, { hour: "numeric" }).resolvedOptions();
  return { hour: hour12 ? "numeric" : "2-digit", minute: "2-digit" };
});

/** A moment as the clocks of another zone show it. */
export function momentIn(time: number, zone: string): string {
  return new Intl.DateTimeFormat(region.value, { weekday: "short", ...clockParts.value, timeZone: zone }).format(time);
}

/** A moment ahead, as in "Tue, 2 Feb, 19:30"; with the year where it is another than now. */
export function appointment(time: number): string {
  const thisYear = new Date(time).getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(region.value, {
    ...{ weekday: "short", day: "numeric", month: "short", ...clockParts.value },
    ...(!thisYear && { year: "numeric" }),
  }).format(time);
}

/** A day ahead, as in "Today", "Tomorrow" or "Friday, 27 November". */
export function dayAhead(time: number, now: number): string {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(time) - midnight(now)) / aDay);
  const thisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  const name =
    days >= 0 && days <= 1
      ? new Intl.RelativeTimeFormat(region.value, { numeric: "auto" }).format(days, "day")
      : new Intl.DateTimeFormat(region.value, {
          ...{ weekday: "long", day: "numeric", month: "long" },
          ...(!thisYear && { year: "numeric" }),
        }).format(time);
  return name.charAt(0).toLocaleUpperCase(locale.value) + name.slice(1);
}

/** The clock, as in "19:30". */
export function clock(time: number): string {
  return new Intl.DateTimeFormat(region.value, clockParts.value).format(time);
}

/** What is left, as in "9 min 58 sec". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const part = (value: number, unit: string) =>
    new Intl.NumberFormat(region.value, { style: "unit", unit, unitDisplay: "short" }).format(value);
  return seconds < 60 ? part(seconds, "second") : `${part(Math.floor(seconds / 60), "minute")} ${part(seconds % 60, "second")}`;
}

/** A day of the week, from 0 for Monday: "Monday", or "Mon". */
export function weekdayName(day: number, style: "long" | "short"): string {
  const some = Date.UTC(2024, 0, 1 + day); // a Monday, and those after it
  return new Intl.DateTimeFormat(region.value, { weekday: style, timeZone: "UTC" }).format(some).replace(/\.$/, "");
}

/** A span of seconds in its largest whole unit: "7 days", "1 hour", "10 minutes". */
export function span(seconds: number): string {
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] as const;
  const [unit, length] = units.find(([, each]) => seconds >= each && seconds % each === 0) ?? ["second", 1];
  return new Intl.NumberFormat(region.value, { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}

/** An amount of data: "340 kB", "3.4 MB". */
export function size(bytes: number): string {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(region.value, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** A number as the language writes it. */
export function plain(n: number): string {
  return new Intl.NumberFormat(region.value, { maximumFractionDigits: 3 }).format(n);
}

/** A day, as in "12 May 2026": the viewer's, or that of a zone. */
export function day(time: number, zone?: string): string {
  return new Intl.DateTimeFormat(region.value, { dateStyle: "long", ...(zone !== undefined && { timeZone: zone }) }).format(time);
}

/** A month, as in "May 2026". */
export function month(time: number): string {
  return new Intl.DateTimeFormat(region.value, { month: "long", year: "numeric" }).format(time);
}

/** "Ana, Léo and Mia": the names, as elements, and the words between them. */
export function listed(names: readonly string[]): { type: "element" | "literal"; value: string }[] {
  return new Intl.ListFormat(region.value, { type: "conjunction" }).formatToParts(names);
}

/** A language by its own tag, in the language in use. */
export function languageName(tag: string): string {
  const name = new Intl.DisplayNames(region.value, { type: "language", fallback: "code" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(locale.value) + name.slice(1);
}
