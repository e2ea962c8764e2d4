import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { ScheduleRepeat, PlanWish } from "../../sdk";
import { weekdayOf, wallTime } from "../../sdk/statement/schedule";
import { locale, span, t } from "../i18n";
import { Select } from "../parts/field";

/** When a room is to take place, as it is being filled in. */
export interface When {
  date: string;
  time: string;
  zone: string;
  duration: number;
  repeat: "never" | "daily" | "weekly" | "biweekly" | "monthly";
  until: string;
}

/** Where the viewer is. */
export const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function soon(): When {
  return { date: "", time: "19:30", zone: here, duration: 3600, repeat: "never", until: "" };
}

/** What is filled in, as the node wants it; null while something is missing. */
export function wishOf({ date, time, zone, duration, repeat, until }: When): Pick<PlanWish, "start" | "zone" | "duration" | "repeat"> | null {
  const start = `${date}T${time}`;
  const at = wallTime(start);
  if (at === null) return null;
  const end = until === "" ? {} : { until };
  const rules: Record<When["repeat"], ScheduleRepeat | null> = {
    never: null,
    daily: { every: "daily", interval: 1, ...end },
    weekly: { every: "weekly", interval: 1, days: [weekdayOf(at)], ...end },
    biweekly: { every: "weekly", interval: 2, days: [weekdayOf(at)], ...end },
    monthly: { every: "monthly", interval: 1, ...end },
  };
  return { start, zone, duration, repeat: rules[repeat] };
}

/** Date, time, zone, length and repetition. */
export function PlanFields({ when, wrong }: { when: Signal<When>; wrong: boolean }): JSX.Element {
  const m = t().plan;
  const set = (change: Partial<When>) => (when.value = { ...when.value, ...change });
  const zones = [...new Set([here, ...Intl.supportedValuesOf("timeZone")])].map((value) => ({ value, label: value.replaceAll("_", " ") }));
  const repeats = (["never", "daily", "weekly", "biweekly", "monthly"] as const).map((value) => ({ value, label: m[value] }));
  return (
    <>
      <div class="row">
        <Moment label={m.date} type="date" value={when.value.date} wrong={wrong} onPick={(date) => set({ date })} />
        <Moment label={m.time} type="time" value={when.value.time} wrong={wrong} onPick={(time) => set({ time })} />
      </div>
      {wrong && (
        <p class="field-error" role="alert">
          {m.whenMissing}
        </p>
      )}
      <Select label={m.zone} value={when.value.zone} options={zones} onPick={(zone) => set({ zone })} />
      <Select
        label={m.duration}
        value={String(when.value.duration)}
        options={[1800, 3600, 7200, 10_800].map((s) => ({ value: String(s), label: span(s) }))}
        onPick={(s) => set({ duration: Number(s) })}
      />
      <Select label={m.repeat} value={when.value.repeat} options={repeats} onPick={(r) => set({ repeat: r as When["repeat"] })} />
      {when.value.repeat !== "never" && (
        <Moment label={m.until} type="date" value={when.value.until} wrong={false} onPick={(until) => set({ until })} />
      )}
    </>
  );
}

function Moment(props: { label: string; type: "date" | "time"; value: string; wrong: boolean; onPick: (value: string) => void }): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type={props.type}
        lang={locale.value}
        value={props.value}
        aria-invalid={props.wrong && props.value === ""}
        onInput={(e) => props.onPick(e.currentTarget.value)}
      />
    </div>
  );
}
