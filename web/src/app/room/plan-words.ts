import type { ScheduleRepeat } from "../../sdk";
import { wallDay, weekdays } from "../../sdk/statement/schedule";
import { day, listed, t, weekdayName } from "../i18n";
import type { Step } from "../state/plan";

/** "Every 2 weeks". */
export function everySo(step: Step): string {
  const m = t().plan;
  if (step === "never") return m.never;
  const [every, interval] = step.split("/") as [ScheduleRepeat["every"], string];
  return m.every[every](Number(interval));
}

/** "Every 2 weeks on Tuesday and Thursday, until 30 June 2027". */
export function inWords({ every, interval, days = [], until = "", dates = 0 }: ScheduleRepeat): string {
  const m = t().plan;
  const often = m.every[every](interval);
  const names = weekdays.flatMap((one, i) => (days.includes(one) ? [m.onDay(weekdayName(i, "long"))] : []));
  const on = {
    daily: () => often,
    weekly: () => m.onDays(often, listed(names).map(({ value }) => value).join("")),
    monthly: () => m.onDate(often),
  };
  const last = wallDay(until);
  const end = last !== null ? m.untilDay(day(last, "UTC")) : dates > 0 ? m.datesInAll(dates) : "";
  return on[every]() + end;
}
