import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Id, Scheduled, ScheduleDate } from "../../sdk";
import { appointment, momentIn, relative, t } from "../i18n";
import { Named } from "../parts/named";
import { useNow } from "../parts/now";
import { navigate, paths } from "../router";
import { upcoming } from "../state/hallway";
import { here, movedFrom, skipped } from "../state/plan";
import { clearOver } from "../state/room";
import { client } from "../state/session";
import { inWords } from "./plan-words";

const day = 86_400_000;

/**
 * When a date is: for the viewer, relative where it is near and not counted down beside, and on the host's clock where that
 * shows another time.
 */
export function DateLine(props: { zone: string; start: number; now: number; counted?: boolean }): JSX.Element {
  const { zone, start, now, counted = false } = props;
  const there = momentIn(start, zone);
  return (
    <>
      <time dateTime={new Date(start).toISOString()}>{appointment(start)}</time>
      {Math.abs(start - now) < day && !counted && <> · {relative(start, now)}</>}
      {there !== momentIn(start, here) && (
        <span class="secondary small block">{t().plan.hostTime(there, zone.replaceAll("_", " "))}</span>
      )}
    </>
  );
}

/** When a date was to be, where it was moved. */
export function MovedFrom({ plan, date }: { plan: Scheduled; date: ScheduleDate }): JSX.Element | null {
  const was = movedFrom(plan, date);
  return was === null ? null : <span class="secondary small block">{t().plan.movedFrom(appointment(was))}</span>;
}

/** What is another than the repetition says: that the next date was moved, and those before it that do not take place. */
export function Changes({ plan, next, now }: { plan: Scheduled; next: ScheduleDate; now: number }): JSX.Element {
  return (
    <>
      <MovedFrom plan={plan} date={next} />
      {skipped(plan, now, next.start).map(({ was }) => (
        <span key={was} class="secondary small block">
          {t().plan.offDate(appointment(was))}
        </span>
      ))}
    </>
  );
}

/** How many the hallway shows. */
const shown = 5;

/** What is planned next, in the hallway, or those of it that are wanted. */
export function Upcoming({ keep = () => true }: { keep?: (plan: Scheduled) => boolean }): JSX.Element | null {
  const m = t().plan;
  const plans = upcoming.value.filter(keep);
  if (plans.length === 0) return null;
  return (
    <section class="others upcoming" aria-labelledby="upcoming">
      <div class="row upcoming-head">
        <h2 id="upcoming">{m.upcoming}</h2>
        <a href={paths.calendar}>{plans.length > shown ? m.all(plans.length) : m.calendar}</a>
      </div>
      <PlanCards plans={plans.slice(0, shown)} />
    </section>
  );
}

/** Scheduled rooms, each a card that is a link. */
export function PlanCards({ plans }: { plans: readonly Scheduled[] }): JSX.Element {
  const now = useNow();
  return (
    <ul class="cards">
      {plans.map((plan) => (
        <PlanCard key={plan.id} plan={plan} now={now} />
      ))}
    </ul>
  );
}

function PlanCard({ plan, now }: { plan: Scheduled; now: number }): JSX.Element {
  const m = t().plan;
  const [next] = plan.dates;
  return (
    <li class="card room-card plan-card">
      <p class="small plan-card-date">
        {plan.room !== undefined ? (
          <strong class="plan-live">{m.isOpen}</strong>
        ) : (
          next && (
            <>
              <DateLine zone={plan.zone} start={next.start} now={now} />
              <Changes plan={plan} next={next} now={now} />
            </>
          )
        )}
      </p>
      <h3 class="room-card-title">
        <a href={paths.room(plan.id)}>
          <bdi>{plan.title}</bdi>
        </a>
      </h3>
      <p class="secondary small">
        <Named say={m.by} name={plan.author.name} />
        {plan.why !== "here" && plan.why !== "community" && (
          <>
            {" "}
            · <bdi>{plan.community.name}</bdi>
          </>
        )}
        {plan.repeat !== undefined && <span class="block">{inWords(plan.repeat)}</span>}
        {plan.reminder !== undefined && <span class="block">{m.reminding}</span>}
      </p>
    </li>
  );
}

/** The next date of what a room that has ended was opened from. */
export function NextDate({ id }: { id: Id }): JSX.Element | null {
  const m = t().plan;
  const plan = useSignal<Scheduled | null>(null);
  useEffect(() => {
    client.schedules.get(id).then(
      (found) => (plan.value = found),
      () => undefined, // it is only news
    );
  }, [id]);
  const now = useNow();
  const next = plan.value?.dates.find((d) => d.start > now);
  if (plan.value === null || next === undefined) return null;
  const look = () => {
    clearOver(); // or its page would go on saying that the room has ended
    navigate(paths.room(id));
  };
  return (
    <div class="card stack">
      <p>
        <span class="eyebrow block">{m.nextDate}</span>
        <DateLine zone={plan.value.zone} start={next.start} now={now} />
        <Changes plan={plan.value} next={next} now={now} />
      </p>
      <div>
        <button type="button" class="button" onClick={look}>
          {m.look}
        </button>
      </div>
    </div>
  );
}
