import { useSignal } from "@preact/signals";
import { CircleX, MicOff, Shield } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useId, useRef } from "preact/hooks";
import { moderators, type Action, type Did, type RoomHistory, type RoomState } from "../../sdk";
import { ago, duration, languageName, moment, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Dialog } from "../parts/dialog";
import { Select } from "../parts/field";
import { Loading } from "../parts/loading";
import { Notice } from "../parts/notice";
import { nameOf, nextModerator, openness, type Presence } from "../state/room";
import { client } from "../state/session";
import { close, open } from "../state/sheet";
import { attempt, explain } from "../state/toast";
import { EntrySettings } from "./entry-settings";
import { fingerprint, sharedAmong, sharedNames } from "./people";
import { RoomLog } from "./room-log";

/** Slow mode's choices, in seconds. */
const paces = [0, 30, 60, 300, 900, 3600];

/** How the room is set up, who moderates it, and what they did. Moderators change it; everybody may look. */
export function SettingsSheet(props: { presence: Presence; state: RoomState }): JSX.Element {
  const { presence, state } = props;
  const m = t().settings;
  const moderates = presence.role.value === "moderator";
  const history = useHistory(presence);
  return (
    <Dialog title={m.title} onClose={close}>
      <div class="stack stack-wide">
        <Details state={state} />
        <Part title={t().door.settings}>
          <EntrySettings presence={presence} state={state} moderates={moderates} onChange={history.read} />
        </Part>
        <StageSettings presence={presence} state={state} moderates={moderates} />
        <Moderators state={state} />
        {moderates && <RemovedPeople presence={presence} state={state} history={history.value} />}
        <Part title={m.log}>
          {history.failed !== null ? (
            <Notice kind="warning" text={history.failed} />
          ) : history.value === null ? (
            <Loading />
          ) : (
            <RoomLog history={history.value} />
          )}
        </Part>
        {moderates && (
          <div class="actions actions-danger">
            <button type="button" class="danger" onClick={() => open({ kind: "end" })}>
              <CircleX aria-hidden="true" />
              {t().room.end}
            </button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

/** What moderators did, read anew whenever one does something more. */
function useHistory({ session }: Presence): { value: RoomHistory | null; failed: string | null; read: () => void } {
  const value = useSignal<RoomHistory | null>(null);
  const failed = useSignal<string | null>(null);
  const asked = useRef(0);
  const read = useCallback(() => {
    const turn = ++asked.current;
    session.history().then(
      (history) => {
        if (turn === asked.current) [value.value, failed.value] = [history, null];
      },
      (error: unknown) => {
        if (turn === asked.current) failed.value = explain(error);
      },
    );
  }, [session]);
  useEffect(() => {
    read();
    const stop = session.judged.subscribe(({ event, verdict }) => {
      if (verdict !== null || event.type === "removal_ended" || event.type === "snapshot") read();
    });
    return () => {
      asked.current++; // what is on its way is not shown any more
      stop();
    };
  }, [session]);
  return { value: value.value, failed: failed.value, read };
}

function Part(props: { title: string; children: ComponentChildren }): JSX.Element {
  const id = useId();
  return (
    <section class="stack" aria-labelledby={id}>
      <h3 id={id}>{props.title}</h3>
      {props.children}
    </section>
  );
}

function Details({ state }: { state: RoomState }): JSX.Element {
  const m = t().settings;
  const { room } = state;
  const facts: readonly (readonly [string, string])[] = [
    [t().start.roomTitle, room.title],
    ...(room.topics.length > 0 ? [[t().start.topics, room.topics.join(", ")] as const] : []),
    [t().start.language, languageName(room.language)],
    [m.openedBy, room.creator.name === "" ? room.community.name : room.creator.name],
    [m.since, ago(room.created, client.now())],
  ];
  return (
    <Part title={m.details}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt class="secondary small">{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

function StageSettings(props: { presence: Presence; state: RoomState; moderates: boolean }): JSX.Element {
  const { presence, state } = props;
  const m = t().settings;
  const { locked, ask, slow } = state.settings;
  const act = (action: Action) => attempt(presence.session.act(action));
  if (!props.moderates) {
    return (
      <Part title={m.stage}>
        <p>{openness(state.settings)}</p>
      </Part>
    );
  }
  const heard = state.stage.some((p) => p.role === "speaker" && !p.muted);
  return (
    <Part title={m.stage}>
      <Choice
        label={m.lock}
        hint={m.lockHint}
        on={locked}
        onSwitch={(to) => act({ type: "lock_stage", switch: to })}
      />
      <Choice label={m.ask} hint={m.askHint} on={ask} onSwitch={(to) => act({ type: "ask_mode", switch: to })} />
      <Select
        label={m.slow}
        value={String(slow)}
        options={[...new Set([...paces, slow])].map((s) => ({ value: String(s), label: s === 0 ? m.slowOff : m.slowEvery(duration(s * 1000)) }))}
        onPick={(value) => act(value === "0" ? { type: "slow_mode" } : { type: "slow_mode", duration: Number(value) })}
      />
      <div class="row">
        <button type="button" class="button" disabled={!heard} onClick={() => act({ type: "mute_all" })}>
          <MicOff aria-hidden="true" />
          {t().room.muteAll}
        </button>
      </div>
    </Part>
  );
}

/** A switch that shows what the room says, not what was pressed. */
function Choice(props: { label: string; hint: string; on: boolean; onSwitch: (to: "on" | "off") => void }): JSX.Element {
  const id = useId();
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={props.on}
        aria-labelledby={id}
        aria-describedby={`${id}-hint`}
        onClick={(e) => {
          e.preventDefault();
          props.onSwitch(props.on ? "off" : "on");
        }}
      />
      <span>
        <span id={id}>{props.label}</span>
        <span id={`${id}-hint`} class="secondary small block">
          {props.hint}
        </span>
      </span>
    </label>
  );
}

function Moderators({ state }: { state: RoomState }): JSX.Element {
  const m = t().settings;
  const next = nextModerator(state);
  const alike = sharedNames(state);
  return (
    <Part title={m.moderators}>
      <ul class="people-list">
        {moderators(state).map((p) => (
          <li key={p.key}>
            <button type="button" class="person-row" onClick={() => open({ kind: "person", who: p.key, name: p.name })}>
              <Avatar id={p.key} name={p.name} picture={p.picture} size={40} />
              <span>
                <span class="one-line">{p.name}</span>
                {alike.has(p.name) && <span class="key small">{fingerprint(p.key, 2)}</span>}
              </span>
              <Shield aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <p class="secondary small">{next === null ? m.successionNone : m.succession(next.name)}</p>
    </Part>
  );
}

function RemovedPeople(props: { presence: Presence; state: RoomState; history: RoomHistory | null }): JSX.Element {
  const { presence, state, history } = props;
  const alike = sharedAmong([...state.stage, ...state.audience.people, ...(history?.removals.map(({ person }) => person) ?? [])]);
  const m = t().settings;
  const lift = (who: Did) => attempt(presence.session.act({ type: "lift_removal", target: who }));
  return (
    <Part title={m.removed}>
      {history === null || history.removals.length === 0 ? (
        <p class="secondary small">{m.removedNone}</p>
      ) : (
        <ul class="people-list">
          {history.removals.map(({ person, by, until, reason }) => {
            const name = person.name === "" ? nameOf(presence, person.key) : person.name;
            return (
              <li key={person.key} class="removed">
                <Avatar id={person.key} name={name} size={40} />
                <div class="removed-why">
                  <p>
                    <strong class="two-lines">{name}</strong>
                    {alike.has(name) && <span class="key small">{fingerprint(person.key, 2)}</span>}
                  </p>
                  {reason !== undefined && <p class="two-lines">{reason.text}</p>}
                  <p class="secondary small">
                    {m.removedBy(by.name)} · {until === undefined ? m.removedAlways : m.removedUntil(moment(until))}
                  </p>
                </div>
                <button type="button" class="button" aria-label={m.undoWhich(name)} onClick={() => lift(person.key)}>
                  {m.undo}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Part>
  );
}
