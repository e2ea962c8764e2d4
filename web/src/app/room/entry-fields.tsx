import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Member, RoomEntry, RoomWish } from "../../sdk";
import { PeopleChooser } from "../parts/people-chooser";
import { EntryChoice } from "./entry-choice";

/** Who may enter a room, as it is being filled in. */
export interface EntryForm {
  entry: Signal<RoomEntry>;
  chosen: Signal<readonly Member[]>;
  /** Whether nobody is chosen, and somebody must be. */
  wrong: Signal<boolean>;
  /** False where nobody could enter; the field says so. */
  check: () => boolean;
  wish: () => Required<Pick<RoomWish, "entry" | "chosen">>;
}

/** Who may enter a new room, or one that there is already. */
export function useEntry(known: { entry: RoomEntry; chosen?: readonly Member[] } = { entry: "members" }): EntryForm {
  const entry = useSignal(known.entry);
  const chosen = useSignal<readonly Member[]>(known.chosen ?? []);
  const wrong = useSignal(false);
  const check = () => {
    wrong.value = entry.value === "chosen" && chosen.value.length === 0;
    return !wrong.value;
  };
  const wish = () => ({ entry: entry.value, chosen: chosen.value.map(({ key }) => key) });
  return { entry, chosen, wrong, check, wish };
}

/** One of three kinds of people, or some who are chosen one by one. */
export function EntryFields({ of: { entry, chosen, wrong } }: { of: EntryForm }): JSX.Element {
  const change = <T,>(what: Signal<T>, to: T) => {
    what.value = to;
    wrong.value = false;
  };
  return (
    <>
      <EntryChoice entry={entry.value} onPick={(to) => change(entry, to)} />
      {entry.value === "chosen" && (
        <PeopleChooser
          chosen={chosen.value}
          wrong={wrong.value}
          onChoose={(who) => change(chosen, [...chosen.value, who])}
          onDrop={(who) => change(chosen, chosen.value.filter(({ key }) => key !== who))}
        />
      )}
    </>
  );
}
