import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { ProblemError, wishOf, type Member, type Scheduled } from "../../sdk";
import { t } from "../i18n";
import { Form } from "../parts/form";
import { PeopleChooser } from "../parts/people-chooser";
import { client } from "../state/session";
import { attempt, say } from "../state/toast";
import { AboutFields, useAbout } from "./about-fields";
import { EntryChoice } from "./entry-choice";
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
  const entry = useSignal(known.entry);
  const chosen = useSignal<readonly Member[]>(known.chosen ?? []);
  const chosenWrong = useSignal(false);
  const check = () => {
    const fine = about.check();
    chosenWrong.value = entry.value === "chosen" && chosen.value.length === 0;
    return plan.check() && fine && !chosenWrong.value;
  };
  const save = async () => {
    stale.value = false;
    try {
      const wish = { ...wishOf(begun.value), ...about.wish(), ...plan.wish(), entry: entry.value, chosen: chosen.value.map(({ key }) => key) };
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
        <EntryChoice entry={entry.value} onPick={(to) => (entry.value = to)} />
        {entry.value === "chosen" && (
          <PeopleChooser
            chosen={chosen.value}
            wrong={chosenWrong.value}
            onChoose={(who) => {
              chosen.value = [...chosen.value, who];
              chosenWrong.value = false;
            }}
            onDrop={(who) => (chosen.value = chosen.value.filter(({ key }) => key !== who))}
          />
        )}
      </Form>
    </section>
  );
}
