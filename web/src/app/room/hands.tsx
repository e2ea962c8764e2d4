import { useSignal } from "@preact/signals";
import { Check, X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Hand, RoomState } from "../../sdk";
import { duration, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { useFocusKept } from "../parts/use-focus-kept";
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
  const list = useRef<HTMLElement>(null);
  useFocusKept(list, state.hands.map((hand) => hand.key).join(" "));
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
