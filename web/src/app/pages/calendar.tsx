import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Scheduled } from "../../sdk";
import { dayAhead, t } from "../i18n";
import { LinkField } from "../parts/copy";
import { Heading } from "../parts/heading";
import { Loading } from "../parts/loading";
import { useNow } from "../parts/now";
import { TopBar } from "../parts/top-bar";
import { MiniDock } from "../room/current-room";
import { PlanCards } from "../room/scheduled";
import { upcoming, watchHallway } from "../state/hallway";
import { client } from "../state/session";
import { attempt } from "../state/toast";

/** All that is planned, day by day, and the link by which one's own calendar reads it. */
export function CalendarPage(): JSX.Element {
  const m = t().plan;
  const plans = useSignal<readonly Scheduled[] | null>(null);
  useEffect(watchHallway, []);
  // The hallway tells of the next rooms alone, and not of one's reminders: at each change of it, all are asked for.
  useEffect(() => attempt(client.schedules.list().then((list) => (plans.value = list))), [upcoming.value]);
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <Heading title={m.calendar} />
        {plans.value === null ? <Loading /> : plans.value.length === 0 ? <p>{m.none}</p> : <Days plans={plans.value} />}
        <Feed />
      </main>
      <MiniDock />
    </>
  );
}

/** What is planned, under the day of its next date. */
function Days({ plans }: { plans: readonly Scheduled[] }): JSX.Element {
  const now = useNow();
  const days = new Map<string, Scheduled[]>();
  for (const plan of plans) {
    const [next] = plan.dates;
    if (next === undefined) continue;
    const day = dayAhead(Math.max(next.start, now), now); // one that is on now is today's
    days.set(day, [...(days.get(day) ?? []), plan]);
  }
  return (
    <>
      {[...days].map(([day, list]) => (
        <section key={day} class="stack" aria-label={day}>
          <h2>{day}</h2>
          <PlanCards plans={list} />
        </section>
      ))}
    </>
  );
}

/** The link by which a calendar reads all of it. It is shown once: the node keeps only its hash. */
function Feed(): JSX.Element {
  const m = t().plan;
  const linked = useSignal(false);
  const link = useSignal<string | null>(null);
  useEffect(() => attempt(client.schedules.isLinked().then((is) => (linked.value = is))), []);
  const make = async () => {
    link.value = await client.schedules.link();
    linked.value = true;
  };
  const end = async () => {
    await client.schedules.unlink();
    link.value = null;
    linked.value = false;
  };
  return (
    <section class="card stack" aria-labelledby="feed">
      <h2 id="feed">{m.feed}</h2>
      {link.value === null ? (
        <p class="secondary">
          {linked.value ? m.feedThere : m.feedText} {m.feedHint}
        </p>
      ) : (
        <LinkField label={m.feedLink} hint={m.feedHint} link={link.value} />
      )}
      <div class="row">
        {link.value === null && (
          <button type="button" class="button" onClick={() => attempt(make())}>
            {linked.value ? m.feedNew : m.feedMake}
          </button>
        )}
        {linked.value && (
          <button type="button" class="button" onClick={() => attempt(end())}>
            {m.feedEnd}
          </button>
        )}
      </div>
    </section>
  );
}
