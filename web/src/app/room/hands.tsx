import { useSignal } from "@preact/signals";
import { Check, X } from "lucide-preact";
import type { JSX, Ref } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Hand, RoomState } from "../../sdk";
import { duration, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import type { Presence } from "../state/room";
import { client } from "../state/session";
import { attempt } from "../state/toast";
import { fingerprint } from "./people";

const tick = 5000;

/** The queue of raised hands, for moderators. */
export function Hands(props: { presence: Presence; state: RoomState; shared: ReadonlySet<string> }): JSX.Element {
  const { presence, state } = props;
  const m = t().room;
  const now = useSignal(client.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = client.now()), tick);
    return () => clearInterval(timer);
  }, []);
  const list = useFocusKept(state.hands.map((hand) => hand.key).join(" "));
  return (
    <section ref={list} class="hands card" id="hands" tabIndex={-1} aria-labelledby="hands-heading">
      <h2 id="hands-heading" class="eyebrow">
        {m.hands}
      </h2>
      {state.hands.length === 0 ? (
        <p class="secondary small">{m.noHands}</p>
      ) : (
        <ol class="hands-list">
          {state.hands.map((hand, i) => (
            <Raised
              key={hand.key}
              presence={presence}
              hand={hand}
              number={i + 1}
              waiting={Math.max(0, now.value - hand.at)}
              invited={state.offers.some((o) => o.key === hand.key)}
              shared={props.shared.has(hand.name)}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

/**
 * Keeps the focus in a list when the entry that had it goes: it moves to the entry that took its place, or to the list.
 * Nothing else moves it.
 */
function useFocusKept(entries: string): Ref<HTMLElement> {
  const list = useRef<HTMLElement>(null);
  const at = useRef<{ row: number; button: number } | null>(null);
  useEffect(() => {
    const place = list.current;
    if (place === null) return;
    const note = (e: FocusEvent) => {
      const rows = [...place.querySelectorAll("li")];
      const row = rows.findIndex((r) => e.target instanceof Node && r.contains(e.target));
      const buttons = [...(rows[row]?.querySelectorAll("button") ?? [])];
      at.current = row < 0 ? null : { row, button: buttons.indexOf(e.target as HTMLButtonElement) };
    };
    const forget = ({ target }: FocusEvent) => {
      queueMicrotask(() => {
        if (place.contains(document.activeElement)) return; // it is in the list still, or will be when its window is in front again
        if (target instanceof Node && target.isConnected) at.current = null; // the person went elsewhere: nothing went from under them
      });
    };
    place.addEventListener("focusin", note);
    place.addEventListener("focusout", forget);
    return () => {
      place.removeEventListener("focusin", note);
      place.removeEventListener("focusout", forget);
    };
  }, []);
  useLayoutEffect(() => {
    const lost = at.current;
    if (lost === null || document.activeElement !== document.body) return;
    const rows = list.current?.querySelectorAll("li") ?? [];
    const row = rows[Math.min(lost.row, rows.length - 1)];
    (row?.querySelectorAll("button")[lost.button] ?? list.current)?.focus({ preventScroll: true });
  }, [entries]);
  return list;
}

function Raised(props: {
  presence: Presence;
  hand: Hand;
  number: number;
  waiting: number;
  invited: boolean;
  shared: boolean;
}): JSX.Element {
  const m = t().room;
  const { presence, hand } = props;
  return (
    <li class="raised">
      <span class="raised-number" aria-hidden="true">
        {props.number}
      </span>
      <Avatar id={hand.key} name={hand.name} picture={hand.picture} size={40} />
      <div class="raised-person">
        <p class="two-lines">
          <strong>{hand.name}</strong>
        </p>
        <p class="secondary small">
          {props.shared && <span class="key">{fingerprint(hand.key, 2)} · </span>}
          {props.invited ? m.offered : props.waiting < tick ? m.justNow : m.waiting(duration(props.waiting))}
        </p>
      </div>
      <div class="raised-actions">
        <button
          type="button"
          class="icon-button accept"
          aria-label={m.inviteHand(hand.name)}
          aria-disabled={props.invited} // not disabled: it would drop the focus of whoever just pressed it
          onClick={() => {
            if (!props.invited) attempt(presence.session.offerStage(hand.key));
          }}
        >
          <Check aria-hidden="true" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={m.dismiss(hand.name)}
          onClick={() => attempt(presence.session.act({ type: "dismiss_hand", target: hand.key }))}
        >
          <X aria-hidden="true" />
        </button>
      </div>
      {hand.question !== undefined && hand.question !== "" && <p class="question">{hand.question}</p>}
    </li>
  );
}
