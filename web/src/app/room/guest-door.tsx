import { useSignal } from "@preact/signals";
import { Headphones, UserPlus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ProblemError, type Id, type Room } from "../../sdk";
import { t } from "../i18n";
import { home } from "../load";
import { Avatar } from "../parts/avatar";
import { Later } from "../parts/later";
import { useLoaded } from "../parts/loaded";
import { Loading } from "../parts/loading";
import { Named } from "../parts/named";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { RestoreLink } from "../parts/restore-link";
import { elsewhere } from "../state/presence";
import { enter } from "../state/current";
import { client, community } from "../state/session";
import { open } from "../state/sheet";
import { explain } from "../state/toast";
import { want } from "../state/wanted";
import { CommunityBadge, RoomChips } from "./card";
import { InAppNotice } from "./in-app";
import { Here, opener, OtherTab, RefusedPage } from "./prejoin";
import { Relayed } from "./relayed";

const strangerPage = () => home().then(({ StrangerPage }) => StrangerPage);

/** What somebody who is no member finds before a room: one that anyone may hear, or why this one is not. */
export function GuestDoor({ id }: { id: Id }): JSX.Element {
  const { loaded, again } = useLoaded(() => client.rooms.door(id), id);
  switch (loaded.kind) {
    case "loading":
      return <Loading />;
    case "there":
      return <PublicRoom room={loaded.value} />;
    case "failed":
      return <Closed id={id} error={loaded.error} onRetry={again} />;
  }
}

function Closed({ id, error, onRetry }: { id: Id; error: unknown; onRetry: () => void }): JSX.Element {
  const joins = error instanceof ProblemError && error.code === "room-members";
  useEffect(() => {
    if (joins) want(id);
  }, [id, joins]);
  if (community.value === null) return <Later<{ why?: string }> load={strangerPage} props={{}} />;
  if (!(error instanceof ProblemError)) {
    return (
      <PlainPage title={t().problem.title}>
        <Notice kind="warning" text={explain(error)}>
          <button type="button" class="button" onClick={onRetry}>
            {t().common.retry}
          </button>
        </Notice>
      </PlainPage>
    );
  }
  switch (error.code) {
    case "room-members":
      return <Later<{ why?: string }> load={strangerPage} props={{ why: t().stranger.room }} />;
    case "room-chosen":
      return <Later<{ why?: string }> load={strangerPage} props={{ why: t().door.chosenOnly }} />;
    case "schedule-early":
    case "schedule-past":
    case "schedule-cancelled":
      return <Later<{ why?: string }> load={strangerPage} props={{ why: explain(error) }} />;
    default:
      return <RefusedPage error={error} onRetry={onRetry} />;
  }
}

/** A room that anyone may hear: with or without becoming a member. */
function PublicRoom({ room }: { room: Room }): JSX.Element {
  const m = t().door;
  const other = useSignal<"here" | "there" | null>(null);
  useEffect(() => void elsewhere(room.id).then((where) => (other.value = where)), [room.id]);
  return (
    <PlainPage title={room.title}>
      <p>
        <CommunityBadge community={room.community} />
      </p>
      <RoomChips room={room} />
      <p class="door-host">
        <Avatar id={room.creator.key} name={opener(room)} picture={room.creator.picture} size={28} />
        {t().prejoin.hostedBy(opener(room))}
      </p>
      <Here room={room} />
      <InAppNotice />
      <OtherTab where={other.value} />
      <div class="door-buttons">
        <ListenButton room={room} here={other.value === "here"} />
        <button type="button" class="button button-big" onClick={() => open({ kind: "join" })}>
          <UserPlus aria-hidden="true" />
          {t().join.submit}
        </button>
      </div>
      <p class="secondary">
        <Named say={m.guestText} name={community.value?.name ?? ""} />
      </p>
      <Relayed room={room} />
      <RestoreLink />
    </PlainPage>
  );
}

/** Takes somebody in who is no member, to listen. */
export function ListenButton(props: { room: Room; here?: boolean; second?: boolean; onEnter?: () => void }): JSX.Element {
  const listen = () => {
    enter(props.room.id, { door: props.room, guest: true });
    props.onEnter?.();
  };
  return (
    <button type="button" class={props.second === true ? "button button-wide" : "button button-primary button-big"} onClick={listen}>
      <Headphones aria-hidden="true" />
      {props.here === true ? t().prejoin.listenHere : t().door.justListen}
    </button>
  );
}
