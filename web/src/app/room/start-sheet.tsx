import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Form } from "../parts/form";
import { navigate, paths } from "../router";
import { enter } from "../state/room";
import { client } from "../state/session";
import { close } from "../state/sheet";
import { say } from "../state/toast";
import { AboutFields, useAbout } from "./about-fields";
import { EntryFields, useEntry } from "./entry-fields";
import { Leaves } from "./leaves";
import { PlanFields, usePlan } from "./plan-fields";
import { RemindField, remindBefore } from "./remind";

/** Opens a room and enters it, or plans it. */
export function StartSheet(): JSX.Element {
  const m = t().start;
  const p = t().plan;
  const about = useAbout();
  const later = useSignal(false);
  const plan = usePlan();
  const before = useSignal<number | null>(remindBefore);
  const entry = useEntry();
  const check = () => {
    const parts = later.value ? [about, plan, entry] : [about, entry];
    return parts.map((part) => part.check()).every(Boolean); // each shows what is wrong with it
  };
  const start = async () => {
    const wish = { ...about.wish(), ...entry.wish() };
    if (later.value) {
      const { id } = await plan.send(client.schedules.plan({ ...wish, ...plan.wish() }));
      close();
      navigate(paths.room(id));
      say(p.scheduled);
      if (before.value !== null) await client.schedules.remind(id, before.value);
      return;
    }
    const room = await client.rooms.create(wish);
    close();
    enter(room.id);
    navigate(paths.room(room.id));
  };
  return (
    <Dialog title={m.title} onClose={close}>
      <Form submit={later.value ? p.schedule : m.start} submitting={later.value ? p.scheduling : m.starting} check={check} onSubmit={start}>
        <AboutFields about={about} />
        <div role="radiogroup" aria-labelledby="when-label" class="field">
          <span id="when-label" class="legend">
            {p.when}
          </span>
          {[false, true].map((value) => (
            <label key={String(value)} class="choice">
              <input type="radio" name="when" checked={later.value === value} onChange={() => (later.value = value)} />
              <span>{value ? p.later : p.now}</span>
            </label>
          ))}
        </div>
        {later.value && (
          <>
            <PlanFields plan={plan} />
            <RemindField label={p.remind} before={before.value} onPick={(to) => (before.value = to)} />
          </>
        )}
        <EntryFields of={entry} />
        {!later.value && <Leaves say={m.otherRoom} />}
      </Form>
    </Dialog>
  );
}
