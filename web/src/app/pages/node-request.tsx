import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { adoptLink, peerIdOf, type Checkup, type Link } from "../../sdk";
import { tp } from "../i18n";
import { Fingerprint } from "../parts/fingerprint";
import { Form } from "../parts/form";
import { Notice } from "../parts/notice";
import { navigate, paths } from "../router";
import { client } from "../state/session";

type Request = Extract<Link, { kind: "add" }>;

/** Another node asks the founder to be one of theirs: they compare its key, and sign. */
export function NodeRequest({ to, checkup }: { to: Request; checkup: Checkup }): JSX.Element {
  const m = tp().nodes;
  const id = useId();
  const handOver = useSignal<string | null>(null);
  const known = checkup.nodes.some((n) => n.node === to.node && !n.revoked);
  const approve = async () => {
    const delegate = await client.founder.addNode(to.node);
    handOver.value = adoptLink(to.owner, delegate, checkup.addrs.slice(0, 8));
    navigate(paths.node, { replace: true }); // takes the owner link out of the history
    location.assign(handOver.value);
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.requestIs}</h2>
      <p>{m.requestFrom(to.owner.origin)}</p>
      <dl class="compared">
        <dt>{m.requestKey}</dt>
        <dd>
          <Fingerprint of={to.node} />
        </dd>
        <dt>{m.requestPeer}</dt>
        <dd>
          <Fingerprint of={peerIdOf(to.node) ?? ""} />
        </dd>
      </dl>
      {known && handOver.value === null ? (
        <Notice text={m.requestKnown} />
      ) : (
        <Form submit={m.requestApprove} submitting={m.requestApproving} onSubmit={approve}>
          <p>{m.requestCompare}</p>
          {handOver.value !== null && (
            <p role="status">
              {m.requestDone} <a href={handOver.value}>{m.requestGo}</a>
            </p>
          )}
        </Form>
      )}
    </section>
  );
}
