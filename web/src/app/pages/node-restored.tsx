import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Checkup, Did } from "../../sdk";
import { tp } from "../i18n";
import { ConfirmDialog } from "../parts/confirm";
import { Fingerprint } from "../parts/fingerprint";
import { Form } from "../parts/form";
import { client, node, refresh } from "../state/session";
import { attempt, say } from "../state/toast";

/** What the founder has to do for a node that was restored from a backup: approve it; then the one before may go. */
export function NodeRestored({ checkup, onChange }: { checkup: Checkup; onChange: () => Promise<void> }): JSX.Element | null {
  const before = checkup.nodes.find((n) => n.before === true && !n.revoked && !n.self);
  if (node.value?.restored === true) return <Approve key="approve" self={node.value.node} onChange={onChange} />;
  if (before !== undefined) return <Before key="before" node={before} onChange={onChange} />;
  return null;
}

function Approve({ self, onChange }: { self: Did; onChange: () => Promise<void> }): JSX.Element {
  const m = tp().nodes;
  const id = useId();
  const approve = async () => {
    await client.founder.addNode(self);
    await refresh();
    say(m.restoredApproved);
    await onChange();
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.restoredTitle}</h2>
      <p>{m.restoredText}</p>
      <dl class="compared">
        <dt>{m.restoredKey}</dt>
        <dd>
          <Fingerprint of={self} />
        </dd>
      </dl>
      <Form submit={m.requestApprove} submitting={m.requestApproving} onSubmit={approve}>
        <p>{m.restoredCompare}</p>
      </Form>
    </section>
  );
}

function Before({ node: lost, onChange }: { node: Checkup["nodes"][number]; onChange: () => Promise<void> }): JSX.Element {
  const m = tp().nodes;
  const id = useId();
  const asking = useSignal(false);
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.beforeTitle}</h2>
      <p>{m.beforeText}</p>
      <dl class="compared">
        <dt>{m.requestKey}</dt>
        <dd>
          <Fingerprint of={lost.node} />
          <span class="secondary small block">{lost.connected ? tp().node.connected : tp().node.notConnected}</span>
        </dd>
      </dl>
      <p>{m.beforeWait}</p>
      <div class="row">
        <button type="button" class="button button-danger" onClick={() => (asking.value = true)}>
          {m.beforeWithdraw}
        </button>
      </div>
      {asking.value && <WithdrawDialog node={lost.node} onClose={() => (asking.value = false)} onChange={onChange} />}
    </section>
  );
}

/** Asks before the founder takes their word for a node back, and does it. */
export function WithdrawDialog(props: { node: Did; onClose: () => void; onChange: () => Promise<void> }): JSX.Element {
  const m = tp().nodes;
  const withdraw = async () => {
    await client.founder.withdrawNode(props.node);
    say(m.withdrawn);
    await props.onChange();
  };
  return (
    <ConfirmDialog
      title={m.withdrawTitle}
      text={m.withdrawText(props.node.slice(-6))}
      warning={m.withdrawStays}
      confirm={m.withdrawConfirm}
      onClose={props.onClose}
      onConfirm={() => attempt(withdraw())}
    />
  );
}
