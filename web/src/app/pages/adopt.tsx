import type { JSX } from "preact";
import type { Link } from "../../sdk";
import { tp } from "../i18n";
import { Form } from "../parts/form";
import { PlainPage } from "../parts/plain-page";
import { navigate, paths } from "../router";
import { boot, client } from "../state/session";

/** A new node becomes one more of a community's: the founder signed that on the page of another of its nodes. */
export function AdoptPage({ to }: { to: Extract<Link, { kind: "adopt" }> }): JSX.Element {
  const m = tp().adopt;
  const join = async () => {
    await client.founder.adopt({ secret: to.secret, delegate: to.delegate, peers: to.peers });
    navigate(paths.hallway, { replace: true });
    await boot(() => Promise.resolve());
  };
  return (
    <PlainPage title={m.title} lead={m.text}>
      <Form submit={m.submit} submitting={m.submitting} onSubmit={join}>
        <p class="secondary">{m.after}</p>
      </Form>
    </PlainPage>
  );
}
