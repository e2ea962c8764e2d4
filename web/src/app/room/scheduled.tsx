import { useSignal } from "@preact/signals";
import { Bell, BellOff, CalendarPlus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Id, Scheduled } from "../../sdk";
import { momentIn, moment, relative, t } from "../i18n";
import { ClosedRoomPage } from "../pages/trouble";
import { ConfirmDialog } from "../parts/confirm";
import { Heading } from "../parts/heading";
import { Loading } from "../parts/loading";
import { Named } from "../parts/named";
import { TopBar } from "../parts/top-bar";
import { navigate, paths } from "../router";
import { upcoming } from "../state/hallway";
import { enter } from "../state/room";
import { client, key } from "../state/session";
import { attempt, explain } from "../state/toast";
import { here } from "./plan-fields";

const openBefore = 10 * 60_000;
const day = 86_400_000;
const remindBefore = 600;

/** When a date is: for the viewer, relative where it is near, and on the host's clock where that is another. */
export function DateLine({ plan, start }: { plan: Scheduled; start: number }): JSX.Element {
  const ahead = start - Date.now();
  return (
    <>
      <time dateTime={new Date(start).toISOString()}>{moment(start)}</time>
      {Math.abs(ahead) < day && <> · {relative(start, Date.now())}</>}
      {plan.zone !== here && (
        <span class="secondary small"> · {t().plan.hostTime(momentIn(start, plan.zone), plan.zone.replaceAll("_", " "))}</span>
      )}
    </>
  );
}

/** What is planned next, in the hallway, or those of it that are wanted. */
export function Upcoming({ keep = () => true }: { keep?: (plan: Scheduled) => boolean }): JSX.Element | null {
  const m = t().plan;
  const plans = upcoming.value.filter(keep);
  if (plans.length === 0) return null;
  return (
    <section class="others upcoming" aria-labelledby="upcoming">
      <div class="row">
        <h2 id="upcoming">{m.upcoming}</h2>
        <a href={paths.calendar}>{m.calendar}</a>
      </div>
      <PlanCards plans={plans} />
    </section>
  );
}

/** Scheduled rooms, each a card that is a link. */
export function PlanCards({ plans }: { plans: readonly Scheduled[] }): JSX.Element {
  return (
    <ul class="cards">
      {plans.map((plan) => (
        <li key={plan.id} class="card room-card">
          <p class="secondary small">
            {plan.dates[0] !== undefined && <DateLine plan={plan} start={plan.dates[0].start} />}
          </p>
          <h3 class="room-card-title">
            <a href={paths.room(plan.id)}>{plan.title}</a>
          </h3>
          <p class="secondary small">
            <Named say={t().plan.by} name={plan.author.name} />
            {plan.why !== "here" && plan.why !== "community" && <> · <bdi>{plan.community.name}</bdi></>}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** /r/{id} of a room that is planned: when it opens, and what one may do until then. */
export function ScheduledPage({ id, onOpen }: { id: Id; onOpen: () => void }): JSX.Element {
  const m = t().plan;
  const plan = useSignal<Scheduled | null>(null);
  const failure = useSignal<string | null>(null);
  const asked = useSignal(false);
  const load = () =>
    client.schedules.get(id).then(
      (one) => {
        plan.value = one;
        if (one.room !== undefined) onOpen();
      },
      (error: unknown) => (failure.value = explain(error)),
    );
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), 10_000);
    return () => clearInterval(timer);
  }, [id]);
  const now = plan.value;
  if (failure.value !== null && now === null) return <ClosedRoomPage title={t().unknownRoom.title} text={failure.value} />;
  if (now === null) return <Loading />;
  const next = now.dates[0];
  const mine = key.value?.did === now.author.key;
  const mayOpen = mine || now.openers.some((o) => o.key === key.value?.did);
  const openRoom = async () => {
    const room = await client.schedules.open(now);
    enter(room.id);
    navigate(paths.room(id));
  };
  return (
    <>
      <TopBar />
      <main id="main" class="plain-main stack" tabIndex={-1}>
        <Heading title={now.title} />
        <p>
          <Named say={m.by} name={now.author.name} /> · <bdi>{now.community.name}</bdi>
        </p>
        {now.cancelled && <p class="lead">{m.cancelled}</p>}
        {!now.cancelled && next === undefined && <p class="lead">{m.over}</p>}
        {next !== undefined && (
          <>
            <p class="lead">
              <DateLine plan={now} start={next.start} />
            </p>
            {mayOpen && Date.now() >= next.start - openBefore ? (
              <button type="button" class="button button-primary" onClick={() => attempt(openRoom())}>
                {m.open}
              </button>
            ) : (
              <p class="secondary">{m.opensLater}</p>
            )}
            <div class="row">
              <button type="button" class="button" onClick={() => attempt(remind(now).then(load))}>
                {now.reminder === undefined ? <Bell aria-hidden="true" /> : <BellOff aria-hidden="true" />}
                {now.reminder === undefined ? m.remind : m.reminded}
              </button>
              <button type="button" class="button" onClick={() => attempt(download(now))}>
                <CalendarPlus aria-hidden="true" />
                {m.add}
              </button>
            </div>
            {now.dates.length > 1 && (
              <section aria-labelledby="dates">
                <h2 id="dates">{m.next}</h2>
                <ul class="list">
                  {now.dates.slice(1).map((d) => (
                    <li key={d.start}>
                      <p>
                        <DateLine plan={now} start={d.start} />
                      </p>
                    </li>
                  ))}
                </ul>
              </section>
            )}
            {mine && (
              <button type="button" class="button button-danger" onClick={() => (asked.value = true)}>
                {m.cancel}
              </button>
            )}
          </>
        )}
        {asked.value && (
          <ConfirmDialog
            title={m.cancel}
            text={m.cancelText}
            confirm={m.cancel}
            cancel={m.keep}
            onClose={() => (asked.value = false)}
            onConfirm={() => attempt(client.schedules.cancel(now).then(load))}
          />
        )}
      </main>
    </>
  );
}

/** The next date of what a room that has ended was opened from. */
export function NextDate({ id }: { id: Id }): JSX.Element | null {
  const next = useSignal<number | null>(null);
  useEffect(() => {
    client.schedules.get(id).then(
      (plan) => (next.value = plan.dates.find((d) => d.start > Date.now())?.start ?? null),
      () => undefined, // it is only news
    );
  }, [id]);
  return next.value === null ? null : <p>{t().plan.nextDate(moment(next.value))}</p>;
}

function remind(plan: Scheduled): Promise<void> {
  return client.schedules.remind(plan.id, plan.reminder === undefined ? remindBefore : null);
}

async function download(plan: Scheduled): Promise<void> {
  const url = URL.createObjectURL(new Blob([await client.schedules.file(plan.id)], { type: "text/calendar" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = "room.ics";
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
