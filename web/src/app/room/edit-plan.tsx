import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { ProblemError, wishOf, type Scheduled } from "../../sdk";
import { t } from "../i18n";
import { Form } from "../parts/form";
import { client } from "../state/session";
import { attempt, say } from "../state/toast";
import { AboutFields, useAbout } from "./about-fields";
import { EntryFields, useEntry } from "./entry-fields";
import { PlanFields, usePlan } from "./plan-fields";

interface EditProps {
  known: Scheduled;
  /** Reads anew what is planned: it was changed elsewhere. */
  onStale: () => Promise<unknown>;
  /** With what is planned now; null where it stays as it was. */
  onDone: (changed: Scheduled | null) => void;
}

/** Changes all that is planned of a room. What is typed stays until it is saved or given up. */
export function EditPlan({ known, onStale, onDone }: EditProps): JSX.Element {
  const m = t().plan;
  const id = useId();
  const begun = useSignal(known); // what was shown when one began
  const stale = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const about = useAbout(known);
  const plan = usePlan(known);
  const entry = useEntry(known);
  const check = () => [about, plan, entry].map((part) => part.check()).every(Boolean); // each shows what is wrong with it
  const save = async () => {
    stale.value = false;
    try {
      const wish = { ...wishOf(begun.value), ...about.wish(), ...plan.wish(), ...entry.wish() };
      onDone(await plan.send(client.schedules.change(begun.value, wish)));
      say(m.saved);
    } catch (error) {
      stale.value = error instanceof ProblemError && error.code === "schedule-stale";
      throw error;
    }
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {m.edit}
      </h2>
      <Form
        submit={m.save}
        submitting={m.saving}
        check={check}
        onSubmit={save}
        after={
          <>
            {stale.value && (
              <button type="button" class="button" onClick={() => attempt(onStale().then(() => onDone(null)))}>
                {m.showNow}
              </button>
            )}
            <button type="button" class="button" onClick={() => onDone(null)}>
              {m.giveUp}
            </button>
          </>
        }
      >
        <AboutFields about={about} />
        <PlanFields plan={plan} />
        <EntryFields of={entry} />
      </Form>
    </section>
  );
}
