import { ArrowLeft, EllipsisVertical } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { RoomState } from "../../sdk";
import { t } from "../i18n";
import { copyDiagnosis } from "../parts/copy";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { hallwayBelow, paths } from "../router";
import { isHostLost, toggleMute, type Presence } from "../state/room";
import { community } from "../state/session";
import { open } from "../state/sheet";
import { attempt, explain } from "../state/toast";
import { AppNotices } from "./apps-sheet";
import { Audience } from "./audience";
import { BottomBar } from "./bottom-bar";
import { CommunityBadge, isForeign, RoomChips } from "./card";
import { GuestAudience, GuestBar } from "./guest-bar";
import { Hands } from "./hands";
import { InviteButton } from "./invite-button";
import { Awaiting } from "./join-sheet";
import { MicrophoneNotice } from "./microphone";
import { sharedNames } from "./people";
import { Relayed } from "./relayed";
import { Murmur, useReactions } from "./reactions";
import { Stage } from "./stage";

/** The room one is in. */
export function RoomView(props: { presence: Presence; state: RoomState }): JSX.Element {
  const { presence, state } = props;
  const m = t().room;
  const shared = sharedNames(state);
  const reacting = useReactions(presence);
  const moderates = presence.role.value === "moderator";
  useEffect(hallwayBelow, [presence.id]);
  return (
    <div class={moderates ? "room room-moderated" : "room"}>
      <header class="room-head">
        <a class="icon-button" href={paths.hallway} aria-label={presence.guest ? t().door.front(community.value?.name ?? "") : m.minimise}>
          <ArrowLeft aria-hidden="true" />
        </a>
        <div class="room-title">
          <Heading title={state.room.title}>
            <bdi>{state.room.title}</bdi>
          </Heading>
          {isForeign(state.room) ? (
            <p>
              <CommunityBadge community={state.room.community} />
            </p>
          ) : (
            <p class="secondary small one-line">
              <bdi>{state.room.community.name}</bdi>
            </p>
          )}
        </div>
        {!presence.guest && <InviteButton at="head" />}
        <button type="button" class="icon-button" aria-label={m.menu} onClick={() => open({ kind: "menu" })}>
          <EllipsisVertical aria-hidden="true" />
        </button>
      </header>
      <main id="main" class="room-main" tabIndex={-1}>
        <RoomChips room={state.room} />
        <Conditions presence={presence} />
        {presence.guest && <Awaiting />}
        <Stage presence={presence} people={state.stage} shared={shared} reacting={reacting} />
        {moderates && <Hands presence={presence} state={state} shared={shared} />}
        {presence.guest ? <GuestAudience state={state} /> : <Audience presence={presence} state={state} shared={shared} />}
        <Relayed room={state.room} />
      </main>
      <Murmur reacting={reacting} />
      {presence.guest ? <GuestBar presence={presence} /> : <BottomBar presence={presence} state={state} />}
    </div>
  );
}

/** Whatever keeps one from hearing or being heard just now, with what to do about it. */
function Conditions({ presence }: { presence: Presence }): JSX.Element {
  const m = t().room;
  const trouble = presence.trouble.value;
  const audio = presence.audio.value;
  return (
    <div class="conditions">
      <p role="status" class="reconnecting">
        {condition(presence)}
      </p>
      {presence.playbackBlocked.value && (
        <Notice text={m.soundBlocked}>
          <button type="button" class="button button-primary" onClick={() => presence.session.resumeSound()}>
            {m.resume}
          </button>
        </Notice>
      )}
      {audio.kind === "unreachable" && (
        <Notice kind="warning" text={m.soundFailed} hint={audio.tcp ? m.soundFailedBoth : m.soundFailedHint}>
          <button type="button" class="button" onClick={() => attempt(presence.session.diagnose().then(copyDiagnosis))}>
            {t().common.copyDiagnosis}
          </button>
        </Notice>
      )}
      <AppNotices presence={presence} />
      {audio.kind === "refused" && <Notice kind="warning" text={explain(audio.problem)} />}
      {trouble !== null && (
        <MicrophoneNotice why={trouble} onRetry={() => toggleMute(presence)} onListen={() => (presence.trouble.value = null)} />
      )}
    </div>
  );
}

/** What is being done just now to be connected again; false when nothing is. */
function condition(presence: Presence): string | false {
  const m = t().room;
  if (presence.status.value.kind === "reconnecting") return m.reconnecting;
  if (isHostLost(presence)) return m.hostLost;
  return presence.audio.value.kind === "fallback" && m.tryingTCP;
}
