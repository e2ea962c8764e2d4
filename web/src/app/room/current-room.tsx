import { LogOut, Mic, MicOff } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { paths } from "../router";
import { inRoom, isHostLost, toggleMute, type Presence } from "../state/room";
import { askToLeave } from "./leaving";

/** The room one is in, under the hallway of a phone. */
export function MiniBar(): JSX.Element | null {
  const presence = inRoom.value;
  const state = presence?.state.value;
  if (presence === null || state === null || state === undefined) return null;
  return (
    <section class="mini-bar" aria-label={t().hallway.current}>
      <a class="mini-bar-title" href={paths.room(presence.id)}>
        <strong class="one-line">{state.room.title}</strong>
        <span class="secondary small one-line">
          {standing(presence)}
        </span>
      </a>
      <MuteSmall presence={presence} />
      <button type="button" class="icon-button leave" aria-label={t().room.leave} onClick={() => askToLeave(presence)}>
        <LogOut aria-hidden="true" />
      </button>
    </section>
  );
}

/** The room one is in, at the foot of the pages beside the hallway. */
export function MiniDock(): JSX.Element | null {
  return inRoom.value === null ? null : (
    <div class="dock mini-dock">
      <MiniBar />
    </div>
  );
}

/** One's role, or what keeps one from it. */
function standing(presence: Presence): string {
  const m = t().room;
  if (presence.status.value.kind === "reconnecting") return m.reconnecting;
  return isHostLost(presence) ? m.hostLost : m[presence.role.value];
}

/** The room one is in, beside the hallway of a wide screen. */
export function CurrentRoom(): JSX.Element | null {
  const presence = inRoom.value;
  const state = presence?.state.value;
  if (presence === null || state === null || state === undefined) return null;
  return (
    <aside class="current card stack" aria-label={t().hallway.current}>
      <p class="eyebrow">{t().hallway.current}</p>
      <h2>
        <bdi>{state.room.title}</bdi>
      </h2>
      <ul class="current-stage">
        {state.stage.slice(0, 8).map((p) => (
          <li key={p.key}>
            <Avatar id={p.key} name={p.name} picture={p.picture} size={48} />
            <span class="small one-line">{p.name}</span>
          </li>
        ))}
      </ul>
      <p class="secondary small">{t().hallway.people(state.stage.length, state.room.listening)}</p>
      {isHostLost(presence) && <p class="small">{t().room.hostLost}</p>}
      <a class="button button-primary" href={paths.room(presence.id)}>
        {t().hallway.returnTo}
      </a>
      <div class="row">
        <MuteSmall presence={presence} />
        <button type="button" class="button button-danger" onClick={() => askToLeave(presence)}>
          {t().room.leave}
        </button>
      </div>
    </aside>
  );
}

function MuteSmall({ presence }: { presence: Presence }): JSX.Element | null {
  if (presence.role.value === "listener") return null;
  const muted = presence.muted.value;
  return (
    <button
      type="button"
      class={muted ? "icon-button" : "icon-button open-microphone"}
      aria-label={muted ? t().room.unmute : t().room.mute}
      onClick={() => toggleMute(presence)}
    >
      {muted ? <MicOff aria-hidden="true" /> : <Mic aria-hidden="true" />}
    </button>
  );
}
