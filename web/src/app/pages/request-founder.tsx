import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId } from "preact/hooks";
import { addLink, ownerLink } from "../../sdk";
import { t } from "../i18n";
import { LinkField } from "../parts/copy";
import { Field } from "../parts/field";
import { Fingerprint } from "../parts/fingerprint";
import { Form, useText } from "../parts/form";
import { navigate, paths } from "../router";
import { boot, client, node } from "../state/session";

/** Milliseconds between two looks whether the founder has answered. */
const lookEvery = 3_000;

/** For whoever runs a node that is to be one more of a community's: what they hand to its founder. */
export function RequestFounder({ secret }: { secret: string }): JSX.Element | null {
  const m = t().request;
  const id = useId();
  const address = useText();
  const request = useSignal<string | null>(null);
  const here = node.value;
  useEffect(() => {
    if (request.value === null) return;
    const timer = setInterval(() => void look(), lookEvery);
    const look = async () => {
      const now = await client.node().catch(() => null); // it is asked again
      if (now?.community === undefined) return;
      clearInterval(timer);
      navigate(paths.hallway, { replace: true });
      await boot(() => Promise.resolve());
    };
    return () => clearInterval(timer);
  }, [request.value]);
  if (here === null) return null;
  const origin = () => {
    const text = address.value.trim().replace(/\/$/, "");
    return URL.canParse(text) && new URL(text).origin === text.toLowerCase() && /^https?:/i.test(text) ? text : null;
  };
  const check = () => {
    if (origin() === null) address.refuse(m.addressWrong);
    return origin() !== null;
  };
  const make = () => {
    request.value = addLink(origin() ?? "", here.node, ownerLink(location.origin, secret));
    return Promise.resolve();
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.title}</h2>
      <p class="secondary">{m.text}</p>
      <p>
        {m.thisNode} <Fingerprint of={here.node} />
      </p>
      {request.value === null ? (
        <Form submit={m.make} submitting={t().common.loading} check={check} onSubmit={make} second>
          <Field
            label={m.address}
            hint={m.addressHint}
            inputMode="url"
            autocomplete="off"
            value={address.value}
            error={address.error}
            onText={address.set}
          />
        </Form>
      ) : (
        <>
          <LinkField label={m.link} hint={m.linkHint} link={request.value} />
          <p role="status" class="secondary">
            {m.waits}
          </p>
        </>
      )}
    </section>
  );
}
