import { useSignal } from "@preact/signals";
import { Pencil, Undo2 } from "lucide-preact";
import type { JSX } from "preact";
import { ProblemError, type Scheduled, type ScheduleDate } from "../../sdk";
import { appointment, locale, t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { FieldRefused, Form } from "../parts/form";
import { faultsOf, draftOf, fieldOf, movedFrom, skipped, wallOf } from "../state/plan";
import { client } from "../state/session";
import { attempt, explain, say } from "../state/toast";
import { DateLine, MovedFrom } from "./scheduled";

interface DatesProps {
  plan: Scheduled;
  now: number;
  /** Whether the viewer may change them. */
  mine: boolean;
  onChanged: () => Promise<unknown>;
}

/** The dates behind the next one, and those that do not take place. */
export function PlanDates({ plan, now, mine, onChanged }: DatesProps): JSX.Element | null {
  const m = t().plan;
  const [, ...others] = plan.dates;
  const last = others.at(-1)?.start ?? Infinity;
  const rows = [...others.map((date) => ({ at: date.start, date })), ...skipped(plan, now, last).map((off) => ({ at: off.was, off }))];
  if (rows.length === 0) return null;
  return (
    <section class="stack" aria-labelledby="dates">
      <h2 id="dates">{m.next}</h2>
      <ul class="list">
        {rows
          .sort((a, b) => a.at - b.at)
          .map((row) => (
            <li key={row.at} class="plan-row">
              {"off" in row ? (
                <>
                  <p class="secondary">
                    <s>
                      <DateLine zone={plan.zone} start={row.off.was} now={now} />
                    </s>
                    <strong class="block">{m.cancelled}</strong>
                  </p>
                  {mine && <Undo plan={plan} day={row.off.day} when={row.off.was} onChanged={onChanged} />}
                </>
              ) : (
                <>
                  <p>
                    <DateLine zone={plan.zone} start={row.date.start} now={now} />
                    <MovedFrom plan={plan} date={row.date} />
                  </p>
                  {mine && <ChangeDate plan={plan} date={row.date} onChanged={onChanged} />}
                </>
              )}
            </li>
          ))}
      </ul>
    </section>
  );
}

function Undo(props: { plan: Scheduled; day: string; when: number; onChanged: () => Promise<unknown> }): JSX.Element {
  const m = t().plan;
  const undo = async () => {
    await client.schedules.restoreDate(props.plan, props.day);
    await props.onChanged();
    say(m.dateBack);
  };
  return (
    <button type="button" class="button" aria-label={m.undoDate(appointment(props.when))} onClick={() => attempt(undo())}>
      <Undo2 aria-hidden="true" />
      {m.undo}
    </button>
  );
}

/** Moves one date of a series, or calls it off; both can be undone until then. */
export function ChangeDate({ plan, date, onChanged }: { plan: Scheduled; date: ScheduleDate; onChanged: () => Promise<unknown> }): JSX.Element {
  const open = useSignal(false);
  return (
    <>
      <button type="button" class="icon-button" aria-label={t().plan.changeDate(appointment(date.start))} onClick={() => (open.value = true)}>
        <Pencil aria-hidden="true" />
      </button>
      {open.value && <DateDialog plan={plan} date={date} onChanged={onChanged} onClose={() => (open.value = false)} />}
    </>
  );
}

function DateDialog(props: { plan: Scheduled; date: ScheduleDate; onChanged: () => Promise<unknown>; onClose: () => void }): JSX.Element {
  const m = t().plan;
  const { plan, date, onChanged, onClose } = props;
  const [day = "", time = ""] = wallOf(plan, date).split("T");
  const to = useSignal({ date: day, time });
  const faults = useSignal<{ date?: string; time?: string }>({});
  const set = (change: Partial<typeof to.value>) => {
    to.value = { ...to.value, ...change };
    faults.value = {};
  };
  const check = () => {
    const wrong = faultsOf({ ...draftOf(plan), ...to.value, step: "never" });
    faults.value = { ...(wrong.includes("date") && { date: m.dateMissing }), ...(wrong.includes("time") && { time: m.timeMissing }) };
    return wrong.length === 0;
  };
  const done = async (changing: Promise<Scheduled>, says: string) => {
    await changing;
    onClose();
    await onChanged();
    say(says);
  };
  const move = async () => {
    try {
      await done(client.schedules.moveDate(plan, date.day, `${to.value.date}T${to.value.time}`), m.dateMoved);
    } catch (error) {
      const field = error instanceof ProblemError ? fieldOf(error.code) : null;
      if (field !== "date" && field !== "time") throw error;
      faults.value = { [field]: explain(error) };
      throw new FieldRefused(field);
    }
  };
  return (
    <Dialog title={appointment(date.start)} onClose={onClose}>
      <Form submit={m.move} submitting={m.saving} check={check} onSubmit={move}>
        <p class="secondary">{m.moveHint(plan.zone.replaceAll("_", " "))}</p>
        <div class="pair">
          <Field label={m.date} type="date" lang={locale.value} value={to.value.date} error={faults.value.date ?? ""} onText={(text) => set({ date: text })} required />
          <Field label={m.time} type="time" lang={locale.value} value={to.value.time} error={faults.value.time ?? ""} onText={(text) => set({ time: text })} required />
        </div>
      </Form>
      <div class="sheet-danger stack">
        {movedFrom(plan, date) !== null && (
          <button type="button" class="button" onClick={() => attempt(done(client.schedules.restoreDate(plan, date.day), m.dateBack))}>
            <Undo2 aria-hidden="true" />
            {m.moveBack}
          </button>
        )}
        {plan.dates.length > 1 && (
          <>
            <p class="secondary small">{m.cancelDateText}</p>
            <button type="button" class="button button-danger" onClick={() => attempt(done(client.schedules.cancelDate(plan, date.day), m.dateOff))}>
              {m.cancelDate}
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}
