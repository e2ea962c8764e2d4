import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { ProblemError, type Member, type PlanWish, type Scheduled } from "../../sdk";
import { weekdays, type Weekday } from "../../sdk/statement/schedule";
import { locale, span, t, weekdayName } from "../i18n";
import { Field, Select } from "../parts/field";
import { FieldRefused } from "../parts/form";
import { PeopleChooser } from "../parts/people-chooser";
import { draftOf, evening, faultsOf, fieldOf, firstDay, here, steps, timeOf, type Draft, type DraftField, type Step } from "../state/plan";
import { client } from "../state/session";
import { explain } from "../state/toast";
import { everySo } from "./plan-words";

/** When a room takes place and who opens it, as it is being filled in, and what is wrong with it. */
export interface Plan {
  draft: Signal<Draft>;
  openers: Signal<readonly Member[]>;
  faults: Signal<Partial<Record<DraftField, string>>>;
  /** False where something is missing or wrong; its field says what. */
  check: () => boolean;
  wish: () => Pick<PlanWish, "start" | "zone" | "duration" | "repeat" | "moderators">;
  /** Does what the node may refuse because of a field, and shows it there. */
  send: <T>(sending: Promise<T>) => Promise<T>;
}

/** A new plan, or one that there is already. */
export function usePlan(known: Scheduled | null = null): Plan {
  const draft = useSignal<Draft>(known === null ? evening(client.now()) : draftOf(known));
  const openers = useSignal<readonly Member[]>(known?.openers ?? []);
  const faults = useSignal<Plan["faults"]["value"]>({});
  const check = () => {
    const m = t().plan;
    const says = { date: m.dateMissing, time: m.timeMissing, zone: "", until: m.untilWrong, dates: m.datesWrong };
    faults.value = Object.fromEntries(faultsOf(draft.value).map((field) => [field, says[field]]));
    return Object.keys(faults.value).length === 0;
  };
  const send = async <T,>(sending: Promise<T>) => {
    try {
      return await sending;
    } catch (error) {
      const field = error instanceof ProblemError ? fieldOf(error.code) : null;
      if (field === null) throw error;
      faults.value = { [field]: explain(error) };
      throw new FieldRefused(field);
    }
  };
  const wish = () => ({ ...timeOf(draft.value), moderators: openers.value.map(({ key }) => key) });
  return { draft, openers, faults, check, send, wish };
}

/** As many as a plan may name. */
const mostOpeners = 5;

const durations = [1800, 3600, 5400, 7200, 10_800];

/** Date, time, zone, length, repetition, and who may open it. */
export function PlanFields({ plan: { draft, openers, faults } }: { plan: Plan }): JSX.Element {
  const m = t().plan;
  const now = draft.value;
  const set = (change: Partial<Draft>) => {
    draft.value = { ...draft.value, ...change };
    faults.value = {};
  };
  const fault = (field: DraftField) => faults.value[field] ?? "";
  const zones = [...new Set([now.zone, here, ...Intl.supportedValuesOf("timeZone")])].sort();
  return (
    <>
      <div class="pair">
        <Field label={m.date} type="date" lang={locale.value} value={now.date} error={fault("date")} onText={(date) => set({ date })} required />
        <Field label={m.time} type="time" lang={locale.value} value={now.time} error={fault("time")} onText={(time) => set({ time })} required />
      </div>
      <Select
        label={m.zone}
        value={now.zone}
        options={zones.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
        error={fault("zone")}
        onPick={(zone) => set({ zone })}
      />
      <Select
        label={m.duration}
        value={String(now.duration)}
        options={[...new Set([...durations, now.duration])].sort((a, b) => a - b).map((s) => ({ value: String(s), label: span(s) }))}
        onPick={(s) => set({ duration: Number(s) })}
      />
      <Select
        label={m.repeat}
        value={now.step}
        options={[...new Set([...steps, now.step])].map((value) => ({ value, label: everySo(value) }))}
        onPick={(step) => set({ step: step as Step })}
      />
      {now.step.startsWith("weekly") && <Days first={firstDay(now)} days={now.days} onChange={(days) => set({ days })} />}
      {now.step !== "never" && (
        <Select
          label={m.ends}
          value={now.end}
          options={(["never", "until", "dates"] as const).map((value) => ({ value, label: m.endings[value] }))}
          onPick={(end) => set({ end: end as Draft["end"] })}
        />
      )}
      {now.step !== "never" && now.end === "until" && (
        <Field label={m.until} type="date" lang={locale.value} value={now.until} error={fault("until")} onText={(until) => set({ until })} required />
      )}
      {now.step !== "never" && now.end === "dates" && (
        <Field label={m.dates} inputmode="numeric" value={now.dates} error={fault("dates")} onText={(dates) => set({ dates })} required />
      )}
      <PeopleChooser
        label={m.openersLabel}
        hint={m.openersHint}
        most={mostOpeners}
        chosen={openers.value}
        onChoose={(who) => (openers.value = [...openers.value, who])}
        onDrop={(who) => (openers.value = openers.value.filter(({ key }) => key !== who))}
      />
    </>
  );
}

/** The days of a weekly room. That of the first date is always among them. */
function Days(props: { first: Weekday | null; days: readonly Weekday[]; onChange: (days: Weekday[]) => void }): JSX.Element {
  const id = useId();
  const m = t().plan;
  const { first, days } = props;
  return (
    <fieldset class="field" aria-describedby={`${id}-hint`}>
      <legend class="legend">{m.days}</legend>
      <div class="weekdays">
        {weekdays.map((day, i) => (
          <label key={day} class="weekday">
            <input
              type="checkbox"
              aria-label={weekdayName(i, "long")}
              checked={day === first || days.includes(day)}
              disabled={day === first}
              onChange={(e) => props.onChange(e.currentTarget.checked ? [...days, day] : days.filter((other) => other !== day))}
            />
            <span aria-hidden="true">{weekdayName(i, "short")}</span>
          </label>
        ))}
      </div>
      <p class="field-hint" id={`${id}-hint`}>
        {m.daysHint}
      </p>
    </fieldset>
  );
}
