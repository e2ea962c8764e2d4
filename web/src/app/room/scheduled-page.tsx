import { useSignal } from "@preact/signals";
import { Bell, BellOff, CalendarPlus, Pencil } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { roomLink, type Id, type Scheduled } from "../../sdk";
import { appointment, clock, countdown, relative, span, t } from "../i18n";
import { ClosedRoomPage } from "../pages/trouble";
import { Avatar } from "../parts/avatar";
import { ConfirmDialog } from "../parts/confirm";
import { LinkField } from "../parts/copy";
import { Heading } from "../parts/heading";
import { Loading } from "../parts/loading";
import { Named } from "../parts/named";
import { useNow } from "../parts/now";
import { PageFoot } from "../parts/page-foot";
import { TopBar } from "../parts/top-bar";
import { navigate, paths } from "../router";
import { rooms, upcoming, watchHallway } from "../state/hallway";
import { enter } from "../state/room";
import { client, community, me } from "../state/session";
import { attempt, explain } from "../state/toast";
import { CommunityBadge, RoomChips } from "./card";
import { MiniDock } from "./current-room";
import { EditPlan } from "./edit-plan";
import { Leaves } from "./leaves";
import { ChangeDate, PlanDates } from "./plan-dates";
import { inWords } from "./plan-words";
import { RemindField, remindBefore } from "./remind";
import { Changes, DateLine } from "./scheduled";

const openBefore = 10 * 60_000;
const countFrom = 60 * 60_000;

/** /r/{id} of a room that is planned: when it opens, and what one may do until then. It turns into the room by itself. */
export function ScheduledPage({ id, onOpen }: { id: Id; onOpen: () => void }): JSX.Element {
  const plan = useSignal<Scheduled | null>(null);
  const failure = useSignal<string | null>(null);
  const editing = useSignal(false);
  useEffect(watchHallway, []);
  // What the hallway says of it is looked at again whenever it says something else: changed, called off, open.
  const told = JSON.stringify(upcoming.value.find((one) => one.id === id)) + (rooms.value?.find((r) => r.schedule === id)?.id ?? "");
  const load = () =>
    client.schedules.get(id).then(
      (one) => (plan.value = one),
      (error: unknown) => (failure.value = explain(error)),
    );
  useEffect(() => void load(), [id, told]);
  const open = plan.value?.room !== undefined;
  useEffect(() => {
    if (open && !editing.value) onOpen(); // nothing that is being typed is lost
  }, [open, editing.value]);
  const now = plan.value;
  if (failure.value !== null && now === null) return <ClosedRoomPage title={t().unknownRoom.title} text={failure.value} />;
  if (now === null) return <Loading />;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <div class="stack">
          {now.community.id !== community.value?.id && (
            <p>
              <CommunityBadge community={now.community} />
            </p>
          )}
          <Heading title={now.title}>
            <bdi>{now.title}</bdi>
          </Heading>
          <RoomChips room={now} />
          <p class="door-host">
            <Avatar id={now.author.key} name={now.author.name} picture={now.author.picture} size={28} />
            <span>
              <Named say={t().plan.by} name={now.author.name} />
            </span>
          </p>
        </div>
        {editing.value ? (
          <EditPlan
            known={now}
            onStale={load}
            onDone={(changed) => {
              if (changed !== null) plan.value = { ...changed, ...(now.reminder !== undefined && { reminder: now.reminder }) };
              editing.value = false;
            }}
          />
        ) : (
          <Planned plan={now} onChanged={load} onEdit={() => (editing.value = true)} />
        )}
      </main>
      <PageFoot />
      <MiniDock />
    </>
  );
}

/** What is planned, and what one may do about it. */
function Planned(props: { plan: Scheduled; onChanged: () => Promise<unknown>; onEdit: () => void }): JSX.Element {
  const m = t().plan;
  const { plan, onChanged, onEdit } = props;
  const asked = useSignal(false);
  const self = me.value?.member.key;
  const [next] = plan.dates;
  const now = useNow(next?.start ?? null);
  const mine = self === plan.author.key;
  const mayCancel = mine || (me.value?.founder === true && plan.community.id === community.value?.id);
  if (plan.cancelled) return <p class="lead">{m.cancelled}</p>;
  if (next === undefined) {
    return (
      <>
        <p class="lead">{m.over}</p>
        {plan.last !== undefined && <p class="secondary">{m.lastDate(appointment(plan.last.start))}</p>}
      </>
    );
  }
  return (
    <>
      <section class="card stack" aria-label={m.when}>
        <div class="plan-row">
          <p class="lead plan-date">
            <DateLine zone={plan.zone} start={next.start} now={now} counted={next.start - now < countFrom} />
            <Changes plan={plan} next={next} now={now} />
          </p>
          {mine && plan.repeat !== undefined && next.start > now && <ChangeDate plan={plan} date={next} onChanged={onChanged} />}
        </div>
        <p class="secondary">
          {m.about(span(plan.duration))}
          {plan.repeat !== undefined && <span class="block">{inWords(plan.repeat)}</span>}
        </p>
        <Opening plan={plan} start={next.start} now={now} mayOpen={mine || plan.openers.some((o) => o.key === self)} />
      </section>
      <div class="stack">
        <div class="row">
          <button type="button" class="button" onClick={() => attempt(remind(plan, plan.reminder === undefined ? remindBefore : null).then(onChanged))}>
            {plan.reminder === undefined ? <Bell aria-hidden="true" /> : <BellOff aria-hidden="true" />}
            {plan.reminder === undefined ? m.remind : m.reminded}
          </button>
          <button type="button" class="button" onClick={() => attempt(download(plan))}>
            <CalendarPlus aria-hidden="true" />
            {m.add}
          </button>
        </div>
        {plan.reminder !== undefined && (
          <RemindField label={m.reminder} before={plan.reminder} onPick={(before) => attempt(remind(plan, before).then(onChanged))} />
        )}
        <LinkField label={t().room.roomLink} hint={m.linkStays} link={roomLink(location.origin, plan.id)} />
      </div>
      <PlanDates plan={plan} now={now} mine={mine} onChanged={onChanged} />
      {plan.openers.length > 0 && (
        <section class="stack" aria-labelledby="openers">
          <h2 id="openers">{m.openers}</h2>
          <ul class="here">
            {plan.openers.map((p) => (
              <li key={p.key}>
                <Avatar id={p.key} name={p.name} picture={p.picture} size={56} />
                <span class="small two-lines">{p.name}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {mayCancel && (
        <div class="row">
          {mine && (
            <button type="button" class="button" onClick={onEdit}>
              <Pencil aria-hidden="true" />
              {m.edit}
            </button>
          )}
          <button type="button" class="button button-danger" onClick={() => (asked.value = true)}>
            {m.cancel}
          </button>
        </div>
      )}
      {asked.value && (
        <ConfirmDialog
          title={m.cancel}
          text={plan.repeat === undefined ? m.cancelText : m.cancelAllText}
          confirm={m.cancel}
          cancel={m.keep}
          onClose={() => (asked.value = false)}
          onConfirm={() => attempt(client.schedules.cancel(plan).then(onChanged))}
        />
      )}
    </>
  );
}

/** How long it is until the room opens, where that is soon, and the way to open it. */
function Opening(props: { plan: Scheduled; start: number; now: number; mayOpen: boolean }): JSX.Element {
  const m = t().plan;
  const { plan, start, now, mayOpen } = props;
  const ahead = start - now;
  const opens = mayOpen && ahead <= openBefore;
  const openRoom = async () => {
    const room = await client.schedules.open(plan);
    enter(room.id);
    navigate(paths.room(plan.id));
  };
  return (
    <>
      {ahead > 0 && ahead < countFrom && (
        <p role="timer" class="plan-countdown">
          {m.begins(countdown(ahead))}
        </p>
      )}
      {ahead <= 0 && <p>{m.late(relative(start, now))}</p>}
      {opens && <Leaves say={t().prejoin.otherRoom} />}
      {opens ? (
        <button type="button" class="button button-primary" onClick={() => attempt(openRoom())}>
          {m.open}
        </button>
      ) : (
        <p class="secondary">{mayOpen ? m.opensFrom(clock(start - openBefore)) : m.opensHere}</p>
      )}
    </>
  );
}

function remind(plan: Scheduled, before: number | null): Promise<void> {
  return client.schedules.remind(plan.id, before);
}

async function download(plan: Scheduled): Promise<void> {
  const url = URL.createObjectURL(new Blob([await client.schedules.file(plan.id)], { type: "text/calendar" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = "room.ics";
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
