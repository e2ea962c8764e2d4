import { Hand, MessageCircleQuestionMark, Mic, MicOff, Users } from "lucide-preact";
import type { JSX } from "preact";
import type { RoomState } from "../../sdk";
import { t } from "../i18n";
import { isHostLost, openness, toggleHand, toggleMute, type Presence } from "../state/room";
import { open } from "../state/sheet";
import { goTo } from "./focus";
import { InviteButton } from "./invite-button";
import { askToLeave } from "./leaving";
import { ReactionBar } from "./reactions";

/** What one can do in a room; the one thing most likely to be wanted is large. */
export function BottomBar(props: { presence: Presence; state: RoomState }): JSX.Element {
  const { presence, state } = props;
  const m = t().room;
  const listens = presence.role.value === "listener";
  const queue = presence.role.value === "moderator" ? state.hands.length : 0;
  const position = presence.position.value;
  const live = presence.status.value.kind === "live" && !isHostLost(presence);
  return (
    <footer class="bottom">
      <p class="bottom-status" role="status">
        {listens
          ? position !== null
            ? m.position(position)
            : isAsked(state) && openness(state.settings)
          : live && presence.speakingWhileMuted.value && m.speakingMuted}
      </p>
      <div class="bottom-bar">
        <button type="button" class="button button-danger leave-button" onClick={() => askToLeave(presence)}>
          {m.leave}
        </button>
        <span class="bottom-tools">
          <ReactionBar presence={presence} />
          {listens && position === null && !state.settings.locked && (
            <button type="button" class="icon-button" aria-label={m.ask} onClick={() => open({ kind: "question" })}>
              <MessageCircleQuestionMark aria-hidden="true" />
            </button>
          )}
          <InviteButton at="foot" />
          <button
            type="button"
            class="icon-button"
            aria-label={queue === 0 ? m.people : `${m.people}, ${m.queue(queue)}`}
            onClick={() => goTo(queue === 0 ? "audience" : "hands")}
          >
            <Users aria-hidden="true" />
            {queue > 0 && (
              <span class="count count-on" aria-hidden="true">
                {queue}
              </span>
            )}
          </button>
        </span>
        {listens ? <HandButton presence={presence} locked={state.settings.locked} /> : <MuteButton presence={presence} />}
      </div>
    </footer>
  );
}

/** Whether the room wants anything of those who raise a hand. */
function isAsked({ settings }: RoomState): boolean {
  return settings.locked || settings.ask || settings.slow > 0;
}

function HandButton({ presence, locked }: { presence: Presence; locked: boolean }): JSX.Element {
  const raised = presence.position.value !== null;
  return (
    <button
      type="button"
      class={raised ? "button primary-control" : "button button-primary primary-control"}
      disabled={locked && !raised}
      onClick={() => toggleHand(presence)}
    >
      <Hand aria-hidden="true" />
      {raised ? t().room.lower : t().room.raise}
    </button>
  );
}

function MuteButton({ presence }: { presence: Presence }): JSX.Element {
  const muted = presence.muted.value;
  return (
    <button
      type="button"
      class={muted ? "button button-primary primary-control" : "button primary-control open-microphone"}
      onClick={() => toggleMute(presence)}
    >
      {muted ? <MicOff aria-hidden="true" /> : <Mic aria-hidden="true" />}
      {muted ? t().room.unmute : t().room.mute}
    </button>
  );
}
