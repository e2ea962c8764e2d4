import type { PlanWish, Scheduled, ScheduleDate, ScheduleException, ScheduleRepeat } from "../../sdk";
import { wallDay, wallTime, weekdayOf, weekdays, type Weekday } from "../../sdk/statement/schedule";

/** Where the viewer is. */
export const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How often: not at all, or every so many days, weeks or months. */
export type Step = "never" | `${ScheduleRepeat["every"]}/${number}`;

/** When a room is to take place, as it is being filled in: texts as they are typed. */
export interface Draft {
  date: string;
  time: string;
  zone: string;
  duration: number;
  step: Step;
  /** Of a weekly one, besides the day of the first date. */
  days: readonly Weekday[];
  end: "never" | "until" | "dates";
  until: string;
  dates: string;
}

/** The fields that can be wrong. */
export type DraftField = "date" | "time" | "zone" | "until" | "dates";

/** The steps that are offered. Others can be planned by other clients, and stay as they are. */
export const steps: readonly Step[] = [
  "never", "daily/1", "weekly/1", "weekly/2", "weekly/3", "weekly/4", "monthly/1", "monthly/2", "monthly/3", "monthly/6",
];

const mostDates = 1000;

/** The evening after a moment, an hour long. */
export function evening(now: number): Draft {
  const there = new Date(now + 86_400_000);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${there.getFullYear()}-${two(there.getMonth() + 1)}-${two(there.getDate())}`;
  return { date, time: "19:30", zone: here, duration: 3600, step: "never", days: [], end: "never", until: "", dates: "" };
}

/** What is planned, to be changed. */
export function draftOf({ start, zone, duration, repeat }: Scheduled): Draft {
  const [date = "", time = ""] = start.split("T");
  const { days = [], until = "", dates = 0 } = repeat ?? {};
  const first = firstDay({ date });
  return {
    ...{ date, time, zone, duration, until },
    step: repeat === undefined ? "never" : `${repeat.every}/${repeat.interval}`,
    days: days.filter((day) => day !== first),
    end: until !== "" ? "until" : dates > 0 ? "dates" : "never",
    dates: dates > 0 ? String(dates) : "",
  };
}

/** The day of the week of the first date; null while there is none. */
export function firstDay({ date }: Pick<Draft, "date">): Weekday | null {
  const at = wallDay(date);
  return at === null ? null : weekdayOf(at);
}

/** What is wrong so far. Whether the time is ahead and its zone known, only the node can say. */
export function faultsOf({ date, time, step, end, until, dates }: Draft): DraftField[] {
  const first = wallDay(date);
  const faults: DraftField[] = [];
  if (first === null) faults.push("date");
  if (wallTime(`2027-01-01T${time}`) === null) faults.push("time");
  if (step === "never") return faults;
  const last = wallDay(until);
  if (end === "until" && (last === null || (first !== null && last < first))) faults.push("until");
  if (end === "dates" && !(/^\d{1,4}$/.test(dates.trim()) && Number(dates) >= 1 && Number(dates) <= mostDates)) faults.push("dates");
  return faults;
}

/** The field that a refusal of the node is about; null for one that is about none. */
export function fieldOf(code: string): DraftField | null {
  switch (code) {
    case "schedule-past":
    case "schedule-far":
      return "date";
    case "schedule-gap":
      return "time";
    case "schedule-zone":
      return "zone";
    default:
      return null;
  }
}

/** What is filled in, without faults, as the node wants it. */
export function timeOf(draft: Draft): Pick<PlanWish, "start" | "zone" | "duration" | "repeat"> {
  const { date, time, zone, duration, step, end } = draft;
  const [every, interval] = step.split("/") as [ScheduleRepeat["every"], string?];
  const chosen = new Set([firstDay(draft), ...draft.days]);
  const repeat: ScheduleRepeat | null =
    interval === undefined
      ? null
      : {
          ...{ every, interval: Number(interval) },
          ...(every === "weekly" && { days: weekdays.filter((day) => chosen.has(day)) }),
          ...(end === "until" && { until: draft.until }),
          ...(end === "dates" && { dates: Number(draft.dates) }),
        };
  return { start: `${date}T${time}`, zone, duration, repeat };
}

/** The dates ahead that do not take place, and were to before another moment. */
export function skipped({ except = [] }: Scheduled, now: number, before: number): ScheduleException[] {
  return except.filter(({ start, was }) => start === undefined && was > now && was < before);
}

/** When a date was to be before it was moved; null where it was not. */
export function movedFrom({ except = [] }: Scheduled, { day }: ScheduleDate): number | null {
  return except.find((one) => one.day === day && one.start !== undefined)?.was ?? null;
}

/** When a date takes place, on the wall of the plan's zone. */
export function wallOf({ start, except = [] }: Scheduled, { day }: ScheduleDate): string {
  return except.find((one) => one.day === day)?.start ?? `${day}T${start.slice(11)}`;
}
