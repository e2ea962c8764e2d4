import { useComputed, useSignalEffect } from "@preact/signals";
import { MicOff, Shield } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import type { StagePerson } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { loudness } from "../parts/loudness";
import { useFocusKept } from "../parts/use-focus-kept";
import type { Reacting, Shown } from "../state/reacting";
import type { Presence } from "../state/room";
import { hearing, relation } from "../state/mine";
import { open } from "../state/sheet";
import { attempt } from "../state/toast";
import { fingerprint } from "./people";
import { ReactionIcon } from "./reactions";

/** Those who may speak. */
export function Stage(props: {
  presence: Presence;
  people: readonly StagePerson[];
  shared: ReadonlySet<string>;
  reacting: Reacting;
}): JSX.Element {
  const { presence, people } = props;
  const list = useRef<HTMLUListElement>(null);
  useFocusKept(list, people.map((p) => p.key).join(" "));
  return (
    <section class="stage" aria-labelledby="stage" tabIndex={-1}>
      <div class="section-head">
        <h2 id="stage" class="eyebrow">
          {t().room.stage}
        </h2>
        {presence.role.value === "moderator" && people.some((p) => p.role === "speaker" && !p.muted) && (
          <button type="button" class="button button-small" onClick={() => attempt(presence.session.act({ type: "mute_all" }))}>
            <MicOff aria-hidden="true" />
            {t().room.muteAll}
          </button>
        )}
      </div>
      <ul ref={list} class="stage-grid">
        {people.map((p) => (
          <StageTile key={p.key} presence={presence} person={p} shared={props.shared.has(p.name)} shows={props.reacting.people.get(p.key)} />
        ))}
      </ul>
    </section>
  );
}

/** What a press opens; for a guest there is nothing to open. */
function TileButton(props: { describedBy: string; onPress: (() => void) | null; children: ComponentChildren }): JSX.Element {
  if (props.onPress === null) return <div class="tile-button">{props.children}</div>;
  return (
    <button type="button" class="tile-button" aria-describedby={props.describedBy} onClick={props.onPress}>
      {props.children}
    </button>
  );
}

function StageTile(props: { presence: Presence; person: StagePerson; shared: boolean; shows: Shown | undefined }): JSX.Element {
  const { presence, person } = props;
  const m = t().room;
  const id = useId();
  const ref = useRef<HTMLLIElement>(null);
  const { csrc } = person;
  const speaking = useComputed(() => (presence.levels.value.has(csrc) ? "true" : "false"));
  // The ring follows the level by a custom property: the page is not drawn anew fifty times a second.
  useSignalEffect(() => {
    ref.current?.style.setProperty("--level", loudness(presence.levels.value.get(csrc) ?? 0).toFixed(2));
  });
  const isModerator = person.role === "moderator";
  return (
    <li ref={ref} class={person.connected && !relation(person.key).block ? "tile" : "tile tile-away"} data-speaking={speaking}>
      <TileButton
        describedBy={id}
        onPress={presence.guest ? null : () => open({ kind: "person", who: person.key, name: person.name })}
      >
        <span class="face">
          <Avatar id={person.key} name={person.name} picture={person.picture} />
          {person.muted && (
            <span class="badge badge-muted">
              <MicOff aria-hidden="true" />
            </span>
          )}
          {isModerator && (
            <span class="badge badge-moderator">
              <Shield aria-hidden="true" />
            </span>
          )}
          {props.shows !== undefined && (
            <span key={props.shows.id} class={`reaction reaction-over reaction-${props.shows.reaction}`} aria-hidden="true">
              <ReactionIcon reaction={props.shows.reaction} />
            </span>
          )}
        </span>
        <span class="tile-name two-lines">{person.name}</span>
        {props.shared && <span class="key">{fingerprint(person.key, 2)}</span>}
      </TileButton>
      {hearing(person.key) === 0 && <span class="secondary small">{m.silentForYou}</span>}
      {!person.connected && <span class="secondary small">{m.personReconnecting}</span>}
      <span id={id} class="visually-hidden">
        {`${m[person.role]}, ${person.muted ? m.isMuted : m.isOpen}`}
      </span>
    </li>
  );
}
