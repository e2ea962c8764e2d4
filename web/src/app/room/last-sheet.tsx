import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RoomState, StagePerson } from "../../sdk";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { followers, type Presence } from "../state/room";
import { close, type NextRoom } from "../state/sheet";
import { attempt } from "../state/toast";
import { leaveNow } from "./leaving";
import { fingerprint, sharedNames } from "./people";

/** The last moderator is about to leave: they name another, end the room, or let it take its course. */
export function LastSheet(props: { presence: Presence; state: RoomState; next: NextRoom | undefined }): JSX.Element {
  const { presence, state, next } = props;
  const m = t().room;
  const speakers = followers(state);
  const alike = sharedNames(state);
  const chosen = useSignal<StagePerson | null>(null);
  const pick = speakers.find((p) => p.key === chosen.value?.key) ?? speakers[0];
  const nameAndLeave = async (who: StagePerson) => {
    await presence.session.act({ type: "appoint_moderator", target: who.key });
    go();
  };
  const end = () => {
    close();
    attempt(presence.session.act({ type: "end" }).then(next?.enter));
  };
  const go = () => {
    close();
    if (next === undefined) leaveNow();
    else next.enter();
  };
  const stay = () => {
    close();
    next?.stay();
  };
  return (
    <Dialog title={m.lastTitle} onClose={stay} asks>
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
                <span>
                  {p.name}
                  {alike.has(p.name) && <span class="key block">{fingerprint(p.key, 2)}</span>}
                </span>
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
        <button type="button" class="button" onClick={stay}>
          {m.stay}
        </button>
        <button type="button" class="button" onClick={go}>
          {m.lastLeave}
        </button>
        <button type="button" class="button button-danger" onClick={end}>
          {m.end}
        </button>
      </div>
    </Dialog>
  );
}
