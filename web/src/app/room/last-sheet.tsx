import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RoomState, StagePerson } from "../../sdk";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { followers, type Presence } from "../state/room";
import { close } from "../state/sheet";
import { attempt } from "../state/toast";
import { leaveNow } from "./leaving";

/** The last moderator is about to leave: they name another, end the room, or let it take its course. */
export function LastSheet(props: { presence: Presence; state: RoomState }): JSX.Element {
  const { presence, state } = props;
  const m = t().room;
  const speakers = followers(state);
  const chosen = useSignal<StagePerson | null>(null);
  const pick = speakers.find((p) => p.key === chosen.value?.key) ?? speakers[0];
  const nameAndLeave = async (who: StagePerson) => {
    await presence.session.act({ type: "appoint_moderator", target: who.key });
    close();
    leaveNow();
  };
  const end = () => {
    close();
    attempt(presence.session.act({ type: "end" }));
  };
  const leave = () => {
    close();
    leaveNow();
  };
  return (
    <Dialog title={m.lastTitle} onClose={close} asks>
      {pick === undefined ? (
        <p>{m.lastEnds}</p>
      ) : (
        <>
          <div role="radiogroup" aria-labelledby="last-label" class="field">
            <span id="last-label" class="legend">
              {m.lastWho}
            </span>
            {speakers.map((p) => (
              <label key={p.key} class="choice">
                <input type="radio" name="last" checked={p.key === pick.key} onChange={() => (chosen.value = p)} />
                <span>{p.name}</span>
              </label>
            ))}
          </div>
          <p class="secondary small">{m.lastNext(speakers[0]?.name ?? "")}</p>
        </>
      )}
      <div class="sheet-actions">
        {pick !== undefined && (
          <button type="button" class="button button-primary" onClick={() => attempt(nameAndLeave(pick))}>
            {m.lastName(pick.name)}
          </button>
        )}
        <button type="button" class="button" onClick={close}>
          {m.stay}
        </button>
        <button type="button" class="button" onClick={leave}>
          {m.lastLeave}
        </button>
        <button type="button" class="button button-danger" onClick={end}>
          {m.end}
        </button>
      </div>
    </Dialog>
  );
}
