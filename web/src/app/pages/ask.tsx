import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ProblemError, type Ask, type Community } from "../../sdk";
import { relative, t } from "../i18n";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Loading } from "../parts/loading";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { RestoreLink } from "../parts/restore-link";
import { fault, messageLength, nameLength, tidy } from "../parts/text";
import { paths } from "../router";
import { MiniBar } from "../room/current-room";
import { remember, type Sent } from "../state/asking";
import { become, client, forget, refresh } from "../state/session";
import { attempt } from "../state/toast";

/** How often somebody who waits looks whether they were answered. */
const lookEvery = 5000;

/** Joining by nobody's invite: asking, or, where the door is open, walking in. Then one may stay on the page. */
export function AskForm({ community, stays = false }: { community: Community; stays?: boolean }): JSX.Element {
  const m = t().entry;
  const j = t().join;
  const open = community.entry === "open";
  const name = useText();
  const message = useText();
  const check = () => {
    const wrong = fault(name.value, nameLength);
    if (wrong !== null) name.refuse({ missing: j.nameMissing, long: j.nameLong, characters: j.nameCharacters }[wrong]);
    const off = message.value.trim() === "" ? null : fault(message.value, messageLength);
    if (off !== null) message.refuse(off === "long" ? m.messageLong : m.messageCharacters);
    return wrong === null && off === null;
  };
  const send = async () => {
    const here = location.pathname;
    let ask: Ask | null = null;
    const wish = { name: tidy(name.value), message: open ? "" : tidy(message.value) };
    await become(
      async () => {
        ask = await client.asks.send(wish);
        if (ask.state !== "joined" && client.signer !== null) remember({ did: client.signer.did, id: ask.id });
      },
      open && !stays ? paths.recovery(here) : here,
    );
  };
  return (
    <Form
      submit={open ? j.submit : m.ask}
      submitting={open ? j.submitting : m.asking}
      check={check}
      onSubmit={send}
    >
      <p>{open ? m.openText : m.askText}</p>
      <Field
        label={j.name}
        hint={j.nameHint}
        value={name.value}
        error={name.error}
        onText={name.set}
        autocomplete="nickname"
        required
      />
      {!open && (
        <Field label={m.message} hint={m.messageHint} value={message.value} error={message.error} onText={message.set} />
      )}
      <p class="secondary small">{j.keyNote}</p>
    </Form>
  );
}

/** Looks now and then how a request stands. Whoever was let in is a member from then on. */
export function useAsked(request: Sent): { ask: Signal<Ask | null>; gone: Signal<boolean> } {
  const ask = useSignal<Ask | null>(null);
  const gone = useSignal(false);
  useEffect(() => {
    const look = async () => {
      try {
        ask.value = await client.asks.state(request.id);
        if (ask.value.state === "joined") {
          await refresh();
          remember(null); // not before: until one is known as a member, this is the way to become one
        }
      } catch (error) {
        gone.value = error instanceof ProblemError && error.code === "ask-unknown";
      }
    };
    void look();
    const timer = setInterval(() => void look(), lookEvery);
    return () => clearInterval(timer);
  }, [request.id]);
  return { ask, gone };
}

/** Takes a request back, as far as this browser is concerned. */
export async function withdrawRequest(): Promise<void> {
  remember(null);
  await forget();
}

/** Where somebody stands who has asked. It opens by itself when they are let in. */
export function WaitingPage({ request, community }: { request: Sent; community: Community }): JSX.Element {
  const m = t().entry;
  const { ask, gone } = useAsked(request);
  const now = ask.value;
  const leave = (
    <button type="button" class="button" onClick={() => attempt(withdrawRequest())}>
      {m.withdraw}
    </button>
  );
  if (gone.value) {
    return (
      <PlainPage title={community.name} lead={m.gone}>
        <div class="row">{leave}</div>
      </PlainPage>
    );
  }
  if (now === null || now.state === "joined") return <Loading />;
  if (now.state === "declined") {
    return (
      <PlainPage title={m.declined} lead={m.declinedText}>
        <div class="row">{leave}</div>
        <RestoreLink />
      </PlainPage>
    );
  }
  return (
    <PlainPage title={m.waitTitle} lead={m.waitText(community.name)}>
      {now.state === "closed" && <Notice text={m.waitClosed} />}
      <p class="secondary" role="status">
        {m.waitSent(relative(now.at, client.now()))}
      </p>
      <div class="row">{leave}</div>
      <MiniBar />
    </PlainPage>
  );
}
