import { ArrowDownToLine, Hand, Mic, MicOff, Shield, ShieldOff, UserMinus } from "lucide-preact";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { findPerson, moderators, type Action, type Did, type Member, type RoomState } from "../../sdk";
import { t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Dialog } from "../parts/dialog";
import { paths } from "../router";
import { client, me, node } from "../state/session";
import { close, open } from "../state/sheet";
import { attempt } from "../state/toast";
import type { Presence } from "../state/room";
import { fingerprint } from "./people";
import { RelationActions } from "./relation";

type Targeted = Exclude<Extract<Action, { target: Did }>["type"], "remove">;

/** Somebody in the room: who they are, and what one may do. */
export function PersonSheet(props: { presence: Presence; state: RoomState; who: Did; name: string }): JSX.Element {
  const { presence, state, who } = props;
  const m = t().person;
  const onStage = state.stage.find((p) => p.key === who);
  const hand = state.hands.find((h) => h.key === who);
  const here = findPerson(state, who);
  const role = onStage?.role ?? "listener";
  return (
    <Dialog title={here?.name ?? props.name} onClose={close} lead={<Avatar id={who} name={props.name} picture={here?.picture} size={56} />}>
      <div class="stack">
        <p class="secondary">{here === null ? m.gone : t().room[role]}</p>
        {hand?.question !== undefined && hand.question !== "" && <p class="question">{hand.question}</p>}
        <div>
          <p class="small">
            {m.key} <span class="key">{fingerprint(who)}</span>
          </p>
          <p class="secondary small">{m.keyHint}</p>
        </div>
        {here?.home !== undefined && (
          <div>
            <p class="small">
              {m.home} <span class="key">{fingerprint(here.home)}</span>
            </p>
            <p class="secondary small">{here.home === node.value?.node ? m.homeHere : m.homeHint}</p>
          </div>
        )}
        {who === state.you ? <Chain /> : <Sponsors who={who} from={here?.home ?? state.room.host} />}
        <p>
          <a class="text-link" href={paths.person(who, here?.home ?? state.room.host)} onClick={close}>
            {m.profile}
          </a>
        </p>
      </div>
      {who !== state.you && <RelationActions who={who} name={here?.name ?? props.name} home={here?.home ?? state.room.host} />}
      {who === state.you ? (
        <OwnActions presence={presence} state={state} />
      ) : (
        presence.role.value === "moderator" &&
        here !== null && <Moderation presence={presence} state={state} who={who} name={here.name} />
      )}
    </Dialog>
  );
}

/** Who answers for somebody else. */
function Sponsors({ who, from }: { who: Did; from: Did }): JSX.Element | null {
  const chain = useSignal<readonly Member[]>([]);
  useEffect(() => {
    // Without an answer there is nothing to show: somebody's node may be away.
    client.people.get(who, from).then((p) => (chain.value = p.chain), () => undefined);
  }, [who, from]);
  return <ChainOf chain={chain.value} />;
}

/** The people who answer for one another, from oneself to the founder. */
export function Chain(): JSX.Element | null {
  return <ChainOf chain={me.value?.chain ?? []} />;
}

/** The people who answer for one another, from one of them to the founder. */
export function ChainOf({ chain }: { chain: readonly Member[] }): JSX.Element | null {
  if (chain.length < 2) return null;
  const you = me.value?.member.key;
  return (
    <section class="stack" aria-label={t().profile.chain}>
      <ol class="chain">
        {chain.map((p) => (
          <li key={p.key}>
            <Avatar id={p.key} name={p.name} picture={p.picture} size={32} />
            <span class="small two-lines">{p.key === you ? t().profile.chainYou : p.name || fingerprint(p.key)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Giving up one's place. The only moderator cannot: the room would have none. */
function OwnActions(props: { presence: Presence; state: RoomState }): JSX.Element | null {
  const { presence, state } = props;
  const role = presence.role.value;
  if (role === "listener" || (role === "moderator" && moderators(state).length < 2)) return null;
  const act = (type: "withdraw_moderator" | "step_down") => () => {
    attempt(presence.session.act(type === "step_down" ? { type } : { type, target: state.you }));
    close();
  };
  return (
    <div class="actions">
      {role === "moderator" && (
        <button type="button" onClick={act("withdraw_moderator")}>
          <ShieldOff aria-hidden="true" />
          {t().person.withdraw}
        </button>
      )}
      <button type="button" onClick={act("step_down")}>
        <ArrowDownToLine aria-hidden="true" />
        {t().room.stepDown}
      </button>
    </div>
  );
}

/** Nobody opens another's microphone; one may ask. */
function AskToUnmute(props: { onClick: () => void }): JSX.Element {
  return (
    <button type="button" onClick={props.onClick}>
      <Mic aria-hidden="true" />
      {t().person.askToUnmute}
    </button>
  );
}

/** What a moderator may do with somebody. With the room's creator: ask them to unmute. */
function Moderation(props: { presence: Presence; state: RoomState; who: Did; name: string }): JSX.Element | null {
  const { presence, state, who, name } = props;
  const m = t().person;
  const onStage = state.stage.find((p) => p.key === who);
  const offered = state.offers.some((o) => o.key === who);
  const act = (type: Targeted) => () => {
    attempt(presence.session.act({ type, target: who }));
    close();
  };
  if (onStage?.role === "moderator") {
    // The creator may withdraw any other moderator, the others those whom they appointed, which only the room knows.
    if (who === state.room.creator.key) {
      if (!onStage.muted || !onStage.connected) return null;
      return (
        <div class="actions">
          <AskToUnmute onClick={act("ask_to_unmute")} />
        </div>
      );
    }
    return (
      <div class="actions">
        {onStage.muted && onStage.connected && <AskToUnmute onClick={act("ask_to_unmute")} />}
        <button type="button" onClick={act("withdraw_moderator")}>
          <ShieldOff aria-hidden="true" />
          {m.withdraw}
        </button>
      </div>
    );
  }
  return (
    <>
      <div class="actions">
        {onStage === undefined ? (
          !offered && (
            <button type="button" onClick={act("offer_stage")}>
              <Hand aria-hidden="true" />
              {m.invite}
            </button>
          )
        ) : (
          <>
            {!onStage.muted ? (
              <button type="button" onClick={act("mute")}>
                <MicOff aria-hidden="true" />
                {m.mute}
              </button>
            ) : (
              onStage.connected && <AskToUnmute onClick={act("ask_to_unmute")} />
            )}
            <button type="button" onClick={act("move_to_audience")}>
              <ArrowDownToLine aria-hidden="true" />
              {m.move}
            </button>
            <button type="button" onClick={act("appoint_moderator")}>
              <Shield aria-hidden="true" />
              {m.appoint}
            </button>
          </>
        )}
      </div>
      <div class="actions actions-danger" role="group" aria-label={m.danger}>
        <button type="button" class="danger" onClick={() => open({ kind: "remove", who, name })}>
          <UserMinus aria-hidden="true" />
          {m.remove}
        </button>
      </div>
    </>
  );
}

