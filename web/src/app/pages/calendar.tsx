import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Scheduled } from "../../sdk";
import { t } from "../i18n";
import { LinkField } from "../parts/copy";
import { Heading } from "../parts/heading";
import { TopBar } from "../parts/top-bar";
import { PlanCards } from "../room/scheduled";
import { client } from "../state/session";
import { attempt } from "../state/toast";

/** All that is planned, and the link by which one's own calendar reads it. */
export function CalendarPage(): JSX.Element {
  const m = t().plan;
  const plans = useSignal<readonly Scheduled[]>([]);
  const link = useSignal<string | null>(null);
  useEffect(() => attempt(client.schedules.list().then((list) => (plans.value = list))), []);
  return (
    <>
      <TopBar />
      <main id="main" class="plain-main stack" tabIndex={-1}>
        <Heading title={m.calendar} />
        {plans.value.length === 0 ? <p>{m.none}</p> : <PlanCards plans={plans.value} />}
        <h2>{m.feed}</h2>
        {link.value === null ? (
          <>
            <p class="secondary">{m.feedHint}</p>
            <button type="button" class="button" onClick={() => attempt(client.schedules.link().then((l) => (link.value = l)))}>
              {m.feedMake}
            </button>
          </>
        ) : (
          <LinkField label={m.feedLink} hint={m.feedHint} link={link.value} />
        )}
      </main>
    </>
  );
}
