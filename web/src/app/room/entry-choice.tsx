import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { RoomEntry } from "../../sdk";
import { t } from "../i18n";
import { Named } from "../parts/named";
import { community } from "../state/session";

/** Who may enter a room: one of three, and what it means. */
export function EntryChoice(props: { entry: RoomEntry; onPick: (entry: RoomEntry) => void }): JSX.Element {
  const m = t().door;
  const id = useId();
  const options: readonly [RoomEntry, JSX.Element | string, string][] = [
    ["members", <Named say={t().start.entryMembers} name={community.value?.name ?? ""} />, m.membersHint],
    ["public", m.publicOption, m.publicHint],
    ["chosen", m.chosenOption, m.chosenHint],
  ];
  return (
    <div role="radiogroup" aria-labelledby={id} class="field">
      <span id={id} class="legend">
        {t().start.entry}
      </span>
      {options.map(([entry, label, hint]) => (
        <label key={entry} class="choice">
          <input
            type="radio"
            name={id}
            value={entry}
            checked={props.entry === entry}
            aria-labelledby={`${id}-${entry}`}
            aria-describedby={props.entry === entry ? `${id}-hint` : undefined}
            onChange={() => props.onPick(entry)}
          />
          <span>
            <span id={`${id}-${entry}`}>{label}</span>
            {props.entry === entry && (
              <span id={`${id}-hint`} class="secondary small block">
                {hint}
              </span>
            )}
          </span>
        </label>
      ))}
    </div>
  );
}
