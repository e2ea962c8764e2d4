import { useSignal } from "@preact/signals";
import { Headphones, Mic } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { MicrophoneError, ProblemError, type Id, type Microphone, type MicrophoneTrouble, type Removed, type Room } from "../../sdk";
import { moment, t } from "../i18n";
import { more } from "../load";
import { ClosedRoomPage } from "../pages/trouble";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { Later, Soon } from "../parts/later";
import { useLoaded } from "../parts/loaded";
import { Loading } from "../parts/loading";
import { Named } from "../parts/named";
import { Notice } from "../parts/notice";
import { PageFoot } from "../parts/page-foot";
import { TopBar } from "../parts/top-bar";
import { clearOver, enter, inside, sayMissing } from "../state/current";
import { elsewhere } from "../state/presence";
import { open } from "../state/sheet";
import { client, me } from "../state/session";
import { explain } from "../state/toast";
import { CommunityBadge, isForeign, RoomChips } from "./card";
import { InAppNotice } from "./in-app";
import { Leaves } from "./leaves";
import { nodeMark } from "./people";
import { Relayed } from "./relayed";

const scheduledPage = () => more().then(({ ScheduledPage }) => ScheduledPage);
const nextDate = () => more().then(({ NextDate }) => NextDate);

/** Before a room: what it is, who is there, and with or without a microphone. */
export function PreJoin({ id }: { id: Id }): JSX.Element {
  const { loaded, again } = useLoaded(() => client.rooms.get(id), id);
  switch (loaded.kind) {
    case "loading":
      return <Loading />;
    case "there":
      return loaded.value.ended ? <EndedPage room={loaded.value} /> : <Door room={loaded.value} />;
    case "failed":
      if (isPlanned(loaded.error)) return <Later load={scheduledPage} props={{ id, onOpen: again }} />;
      return <RefusedPage error={loaded.error} onRetry={again} />;
  }
}

/** Whether no room is there since it is one that is planned. */
function isPlanned(error: unknown): boolean {
  return error instanceof ProblemError && ["schedule-early", "schedule-cancelled", "schedule-past"].includes(error.code);
}

function Door({ room }: { room: Room }): JSX.Element {
  const m = t().prejoin;
  const other = useSignal<"here" | "there" | null>(null);
  const trouble = useSignal<MicrophoneTrouble | null>(null);
  const opened = useSignal<Microphone | null>(null);
  const microphone = useRef<Microphone | null>(null);
  const gone = useRef(false);
  useEffect(() => {
    void elsewhere(room.id).then((where) => (other.value = where));
    return () => {
      gone.current = true;
      microphone.current?.close(); // null once it went into the room
    };
  }, [room.id]);

  const openMicrophone = async (again: () => void) => {
    trouble.value = null;
    if (microphone.current === null) {
      const code = await inside.load().catch(() => null);
      if (code === null) sayMissing(again);
      if (code === null || gone.current) return null;
      microphone.current ??= code.microphoneAtDoor();
    }
    const mic = microphone.current;
    opened.value = mic;
    try {
      if (mic.state.value.kind !== "open") await mic.open();
      return mic;
    } catch (error) {
      trouble.value = error instanceof MicrophoneError ? error.why : "missing";
      return null;
    }
  };
  const test = () => void openMicrophone(test);
  const listen = () => enter(room.id, { door: room });
  const speak = async () => {
    const mic = await openMicrophone(() => void speak());
    if (mic === null) return;
    microphone.current = null;
    enter(room.id, { microphone: mic, door: room });
  };
  return (
    <>
      <TopBar />
      <main id="main" class="door stack stack-wide" tabIndex={-1}>
        <div class="stack">
          {isForeign(room) && (
            <p>
              <CommunityBadge community={room.community} />
            </p>
          )}
          <Heading title={room.title}>
            <bdi>{room.title}</bdi>
          </Heading>
          <RoomChips room={room} />
          <p class="door-host">
            <Avatar id={room.creator.key} name={opener(room)} picture={room.creator.picture} size={28} />
            {m.hostedBy(opener(room))}
          </p>
        </div>
        <Here room={room} />
        <Leaves say={m.otherRoom} />
        <InAppNotice />
        <OtherTab where={other.value} />
        <div class="door-buttons">
          <button type="button" class="button button-primary button-big" onClick={listen}>
            <Headphones aria-hidden="true" />
            {other.value === "here" ? m.listenHere : m.listen}
          </button>
          <button type="button" class="button button-big" onClick={() => void speak()}>
            <Mic aria-hidden="true" />
            {m.microphone}
          </button>
        </div>
        {trouble.value !== null && inside.here !== null && (
          <inside.here.MicrophoneNotice why={trouble.value} onRetry={test} onListen={listen} />
        )}
        {opened.value === null || inside.here === null ? (
          <button type="button" class="button button-quiet door-test" onClick={test}>
            {m.test}
          </button>
        ) : (
          <inside.here.DoorSound microphone={opened.value} />
        )}
        <Relayed room={room} />
      </main>
      <PageFoot />
    </>
  );
}

/** Says that the sound of another tab ends with coming in here. */
export function OtherTab({ where }: { where: "here" | "there" | null }): JSX.Element | null {
  return where === null ? null : <Notice text={where === "here" ? t().prejoin.elsewhere : t().door.otherTab} />;
}

/** Who is in a room, as its door shows it. */
export function Here({ room }: { room: Room }): JSX.Element {
  const m = t().prejoin;
  return (
    <section class="stack" aria-labelledby="here">
      <h2 id="here" class="eyebrow">
        {m.here}
      </h2>
      {room.speakers.length === 0 ? (
        <p class="secondary">{m.nobody}</p>
      ) : (
        <ul class="here">
          {room.speakers.map((p) => (
            <li key={p.key}>
              <Avatar id={p.key} name={p.name} picture={p.picture} size={56} />
              <span class="small two-lines">{p.name}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="secondary small">{t().hallway.people(room.stage, room.listening)}</p>
    </section>
  );
}

/** A room that is over. */
export function EndedPage({ room }: { room: Room | null }): JSX.Element {
  const m = t().ended;
  return (
    <ClosedRoomPage title={m.title} text={room === null ? m.unknown : m.was(room.title, opener(room))}>
      {room?.schedule !== undefined && me.value !== null && <Soon load={nextDate} props={{ id: room.schedule }} />}
    </ClosedRoomPage>
  );
}

interface RefusedProps {
  error: unknown;
  room?: Room | null;
  by?: string | null;
  onRetry: () => void;
}

/** The node does not let one in, or not any more. */
export function RefusedPage(props: RefusedProps): JSX.Element {
  const { error, room = null, by = null } = props;
  switch (error instanceof ProblemError ? error.code : "") {
    case "room-ended":
      return <EndedPage room={room} />;
    case "room-unknown":
    case "not-found":
      return <ClosedRoomPage title={t().unknownRoom.title} text={t().unknownRoom.text} />;
    case "room-removed":
      return <RemovedPage removal={error instanceof ProblemError ? error.removal : null} by={by} />;
    case "room-replaced":
      return (
        <ClosedRoomPage
          title={t().replaced.title}
          text={t().replaced.text}
          action={{ label: t().replaced.action, run: props.onRetry }}
        />
      );
    case "community-denied":
    case "node-denied":
      return <NotLetIn {...props} title={t().closed.denied} />;
    case "chain-invalid":
    case "ticket-forged":
    case "ticket-expired":
    case "enter-stale":
      return <NotLetIn {...props} title={t().closed.unproven} />;
    case "room-host-lost":
      return <NotLetIn {...props} title={t().closed.hostLost} />;
    case "room-members":
    case "guest-listens":
      return <NotLetIn {...props} title={t().door.entry.members} joins />;
    case "room-chosen":
      return <NotLetIn {...props} title={t().door.chosenOnly} joins />;
    default:
      return <NotLetIn {...props} title={t().problem.title} />;
  }
}

/** Removed: by whom, why and until when. */
function RemovedPage({ removal, by }: { removal: Removed | null; by: string | null }): JSX.Element {
  const m = t().removed;
  const who = removal !== null && removal.by.name !== "" ? removal.by.name : by;
  const back = removal?.until === undefined ? m.never : m.until(moment(removal.until));
  return (
    <ClosedRoomPage title={m.title} text={`${who === null ? m.text : m.by(who)} ${back}`}>
      {removal?.reason !== undefined && (
        <p>
          <span class="secondary">{m.reason}</span> <q class="removal-reason">{removal.reason.text}</q>
        </p>
      )}
    </ClosedRoomPage>
  );
}

/** A refusal in its own sentence, with whose the room is: whom to ask about it. Whoever comes again may try again. */
function NotLetIn({ title, error, room = null, onRetry, joins = false }: RefusedProps & { title: string; joins?: boolean }): JSX.Element {
  useEffect(() => clearOver, []);
  const asks = joins && me.value === null;
  const action = asks ? { label: t().join.submit, run: () => open({ kind: "join" }) } : { label: t().common.retry, run: onRetry };
  return (
    <ClosedRoomPage title={title} text={explain(error)} action={action}>
      {room !== null && isForeign(room) && (
        <p class="secondary">
          <Named say={(name) => t().closed.host(name, nodeMark(room.host))} name={room.community.name} />
        </p>
      )}
    </ClosedRoomPage>
  );
}

/** Who opened a room: their name, or, where another node announces the room and does not tell it, their community's. */
export function opener(room: Room): string {
  return room.creator.name === "" ? room.community.name : room.creator.name;
}
