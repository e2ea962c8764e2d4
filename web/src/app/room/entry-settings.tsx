import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Action, Member, RoomEntry, RoomState } from "../../sdk";
import { t } from "../i18n";
import { Loading } from "../parts/loading";
import { Notice } from "../parts/notice";
import { PeopleChooser } from "../parts/people-chooser";
import type { Presence } from "../state/room";
import { client } from "../state/session";
import { attempt, explain } from "../state/toast";
import { EntryChoice } from "./entry-choice";

/**
 * Who may enter a live room. Moderators change it in two steps, for the arrows walk through the choices and the last one
 * puts people out; whom they choose is chosen at once, which harms nobody.
 */
export function EntrySettings(props: {
  presence: Presence;
  state: RoomState;
  moderates: boolean;
  /** The log has a line more. */
  onChange: () => void;
}): JSX.Element {
  const { presence, state } = props;
  const m = t().door;
  const now = state.room.entry;
  const wanted = useSignal<RoomEntry | null>(null);
  const busy = useSignal(false);
  const heading = useId();
  if (!props.moderates) return <p>{m.now[now]}</p>;
  const entry = wanted.value ?? now;
  const change = async () => {
    busy.value = true;
    try {
      await presence.session.act({ type: "set_entry", entry });
      wanted.value = null;
      document.getElementById(heading)?.focus(); // the button that had the focus is gone
    } finally {
      busy.value = false;
    }
  };
  const leaving = whoLeaves(state, entry);
  return (
    <div class="stack" id={heading} tabIndex={-1}>
      <EntryChoice entry={entry} onPick={(to) => (wanted.value = to)} />
      {entry === "chosen" && <ChosenPeople {...props} />}
      {entry !== now && (
        <div class="stack entry-change">
          {leaving !== null && <p role="status">{leaving}</p>}
          <div class="row">
            <button
              type="button"
              class={leaving === null ? "button button-primary" : "button button-danger"}
              disabled={busy.value}
              onClick={() => attempt(change())}
            >
              {m.change}
            </button>
            <button type="button" class="button" onClick={() => (wanted.value = null)}>
              {m.keep}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

/** Whom a change would put out, in a sentence; null where nobody. */
function whoLeaves({ room, audience }: RoomState, to: RoomEntry): string | null {
  const m = t().door.leaving;
  if (to === "members" && room.entry === "public" && audience.guests > 0) return m.members(audience.guests);
  const listening = audience.count + audience.guests;
  return to === "chosen" && listening > 0 ? m.chosen(listening) : null;
}

/** Whom the moderators chose. Those on the stage are chosen by being there. */
function ChosenPeople({ presence, state, onChange }: { presence: Presence; state: RoomState; onChange: () => void }): JSX.Element {
  const m = t().door;
  const people = useSignal<readonly Member[] | null>(null);
  const failure = useSignal<string | null>(null);
  const acting = useRef(0); // what was chosen here and the node has not confirmed: until then the list here is ahead
  const asked = useRef(0);
  const read = () => {
    const mine = ++asked.current;
    const latest = () => mine === asked.current && acting.current === 0;
    client.rooms.chosen(presence.id).then(
      (list) => {
        if (!latest()) return;
        people.value = list;
        failure.value = null;
      },
      (error: unknown) => {
        if (latest()) failure.value = explain(error);
      },
    );
  };
  const onStage = state.stage.map((p) => p.key).join(" ");
  useEffect(() => {
    if (acting.current === 0) read();
  }, [presence.id, state.room.entry, state.chosen, onStage]);
  if (failure.value !== null) {
    return (
      <Notice kind="warning" text={failure.value}>
        <button type="button" class="button" onClick={read}>
          {t().common.retry}
        </button>
      </Notice>
    );
  }
  const list = people.value;
  if (list === null) return <Loading />;
  const act = async (action: Action, then: readonly Member[]) => {
    people.value = then; // at once, for whoever chooses one after the other
    acting.current++;
    try {
      await presence.session.act(action);
      onChange();
    } finally {
      acting.current--;
      if (acting.current === 0) read();
    }
  };
  return (
    <PeopleChooser
      label={m.chosenPeople}
      chosen={list}
      fixed={new Set(state.stage.map((p) => p.key))}
      onChoose={(who) => attempt(act({ type: "choose", target: who.key }, [...list, who]))}
      onDrop={(who) => attempt(act({ type: "unchoose", target: who }, list.filter((p) => p.key !== who)))}
    />
  );
}
