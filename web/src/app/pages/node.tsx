import { useSignal } from "@preact/signals";
import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { adoptLink, parseLink, testMedia, type Checkup, type MediaTest } from "../../sdk";
import { day, locale, t, tp } from "../i18n";
import { copyDiagnosis, LinkField } from "../parts/copy";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { TopBar } from "../parts/top-bar";
import { link, paths } from "../router";
import { client } from "../state/session";
import { NodeRequest } from "./node-request";
import { NodeRestored, WithdrawDialog } from "./node-restored";
import { attempt, explain, say } from "../state/toast";

/** Milliseconds between two looks while the page is open. */
const lookEvery = 30_000;

/** How the node is run, for its founder: what is checked, what to do, and the other nodes. */
export function NodePage(): JSX.Element {
  const m = tp().node;
  const checkup = useSignal<Checkup | null>(null);
  const failure = useSignal<string | null>(null);
  const test = useSignal<MediaTest | "running" | null>(null);
  const look = async () => {
    try {
      checkup.value = await client.founder.checkup();
      failure.value = null;
    } catch (error) {
      failure.value = explain(error);
    }
  };
  const language = locale.value;
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), lookEvery);
    return () => clearInterval(timer);
  }, [language]);
  const tryAudio = async () => {
    test.value = "running";
    try {
      test.value = await testMedia(client);
      await look();
    } catch (error) {
      test.value = null;
      throw error;
    }
  };
  const diagnosis = () => ({
    at: new Date().toISOString(),
    browser: navigator.userAgent,
    page: location.origin,
    secure: isSecureContext,
    audio: test.value,
    version: checkup.value?.version,
    findings: checkup.value?.findings.map((f) => f.code),
  });
  const now = checkup.value;
  const asked = link.value;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <div class="stack">
          <Heading title={m.title} />
          <p class="secondary">{m.intro}</p>
        </div>
        {failure.value !== null && <Notice kind="warning" text={failure.value} />}
        {asked.kind === "broken" && <Notice kind="warning" text={tp().nodes.requestBroken} />}
        {now !== null && <NodeRestored checkup={now} onChange={look} />}
        {asked.kind === "add" && now !== null && <NodeRequest to={asked} checkup={now} />}
        <section class="card stack" aria-labelledby="checks" aria-busy={now === null}>
          <h2 id="checks">{m.checks}</h2>
          {now === null && <p class="secondary">{t().common.loading}</p>}
          <ul class="findings">{now?.findings.map((f) => <FindingRow key={f.code + f.says} finding={f} />)}</ul>
          <TestResult test={test.value} />
          <div class="row">
            <button type="button" class="button button-primary" disabled={test.value === "running"} onClick={() => attempt(tryAudio())}>
              {test.value === "running" ? m.testing : m.test}
            </button>
            <button type="button" class="button" onClick={() => attempt(look())}>
              {m.again}
            </button>
            <button type="button" class="button" onClick={() => attempt(copyDiagnosis(diagnosis()))}>
              {t().common.copyDiagnosis}
            </button>
          </div>
        </section>
        {now !== null && <Nodes checkup={now} onChange={look} />}
        {now !== null && <Others checkup={now} />}
        {now !== null && <Facts checkup={now} />}
      </main>
    </>
  );
}

type Finding = Checkup["findings"][number];
type CommunityNode = Checkup["nodes"][number];

function FindingRow({ finding }: { finding: Finding }): JSX.Element {
  const m = tp().node;
  const Icon = { ok: CircleCheck, warn: TriangleAlert, fail: CircleX, unknown: CircleHelp }[finding.state];
  const names: Readonly<Record<string, string>> = m.names;
  return (
    <li class={`finding finding-${finding.state}`}>
      <Icon aria-hidden="true" />
      <div class="stack-tight">
        <h3>
          {names[finding.check] ?? finding.check}
          <span class="finding-state">{m.states[finding.state]}</span>
        </h3>
        <p>{flags(finding.says)}</p>
        {finding.fix !== undefined && <p class="secondary">{flags(finding.fix)}</p>}
      </div>
    </li>
  );
}

/** A sentence whose flags are not broken at their hyphens. */
function flags(text: string): (string | JSX.Element)[] {
  return text.split(/(--[a-z0-9-]+)/).map((part, i) => (i % 2 === 1 ? <span class="flag">{part}</span> : part));
}

/** Says no more than was seen: a browser beside the node proves nothing about the way from elsewhere. */
function TestResult({ test }: { test: MediaTest | "running" | null }): JSX.Element | null {
  const m = tp().node;
  if (test === null || test === "running") return null;
  if (!test.reached) return <Notice kind="warning" text={m.udpBlocked} hint={m.udpBlockedHint(test.offered.join(", "))} />;
  const near = test.address === undefined || isPrivate(test.address);
  const text = m.udpWorks(test.address ?? "", (test.protocol ?? "udp").toUpperCase(), test.took);
  const at = (protocol: string) => test.offered.filter((one) => one.endsWith(protocol)).join(", ");
  if (test.protocol === "tcp") return <Notice kind="warning" text={text} hint={m.tcpOnly(at("/udp"))} />;
  return (
    <>
      <Notice kind="done" text={test.tcp === true ? `${text} ${m.tcpWorks}` : text} {...(near && { hint: m.udpNear })} />
      {test.tcp === false && <Notice kind="warning" text={m.tcpFails(at("/tcp"))} />}
    </>
  );
}

/** An address that only this machine or its own network has (RFC 1918, RFC 4193). */
function isPrivate(address: string): boolean {
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80)/i.test(address);
}

function Nodes({ checkup, onChange }: { checkup: Checkup; onChange: () => Promise<void> }): JSX.Element {
  const m = tp().node;
  const key = useText();
  const owner = useText();
  const handOver = useSignal<string | null>(null);
  const leaving = useSignal<string | null>(null);
  const going = leaving.value;
  const check = () => {
    if (!/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/.test(key.value.trim())) key.refuse(m.keyWrong);
    if (parseLink(owner.value).kind !== "owner") owner.refuse(m.ownerWrong);
    return key.error === "" && owner.error === "";
  };
  const add = async () => {
    const to = parseLink(owner.value);
    if (to.kind !== "owner") return;
    const delegate = await client.founder.addNode(key.value.trim());
    handOver.value = adoptLink({ origin: new URL(owner.value.trim()).origin, secret: to.secret }, delegate, checkup.addrs.slice(0, 8));
    await onChange();
  };
  const renew = async (node: string, done: string) => {
    await client.founder.addNode(node);
    say(done);
    await onChange();
  };
  return (
    <section class="card stack" aria-labelledby="nodes">
      <h2 id="nodes">{m.nodes}</h2>
      <ul class="list">
        {checkup.nodes.map((n) => (
          <li key={n.node}>
            <p>
              <span class="key">{n.node}</span>
              <span class="secondary small block">
                {n.self ? m.thisNode : n.connected ? m.connected : m.notConnected}
                {" · "}
                {n.revoked ? m.revoked : m.until(day(n.expires))}
              </span>
            </p>
            <NodeActions
              node={n}
              onRenew={(done) => attempt(renew(n.node, done))}
              onWithdraw={() => (leaving.value = n.node)}
            />
          </li>
        ))}
      </ul>
      <h3>{m.add}</h3>
      <p class="secondary">{m.addHint}</p>
      <Form submit={m.addSubmit} submitting={m.adding} check={check} onSubmit={add}>
        <Field label={m.key} hint={m.keyHint} value={key.value} error={key.error} onText={key.set} autoComplete="off" spellcheck={false} />
        <Field label={m.owner} hint={m.ownerHint} value={owner.value} error={owner.error} onText={owner.set} autoComplete="off" spellcheck={false} />
      </Form>
      {handOver.value !== null && <LinkField label={m.handOver} hint={m.handOverHint} link={handOver.value} />}
      {going !== null && (
        <WithdrawDialog node={going} onClose={() => (leaving.value = null)} onChange={onChange} />
      )}
    </section>
  );
}

function NodeActions(props: { node: CommunityNode; onRenew: (done: string) => void; onWithdraw: () => void }): JSX.Element {
  const m = tp().nodes;
  const { node, revoked, self } = props.node;
  const mark = node.slice(-6);
  if (revoked) {
    return (
      <button type="button" class="button" aria-label={m.addAgainWhich(mark)} onClick={() => props.onRenew(m.addedAgain)}>
        {m.addAgain}
      </button>
    );
  }
  return (
    <div class="row">
      <button type="button" class="button" aria-label={tp().node.renewWhich(mark)} onClick={() => props.onRenew(tp().node.renewed)}>
        {tp().node.renew}
      </button>
      {!self && (
        <button type="button" class="button button-danger" aria-label={m.withdrawWhich(mark)} onClick={props.onWithdraw}>
          {m.withdraw}
        </button>
      )}
    </div>
  );
}

function Others({ checkup }: { checkup: Checkup }): JSX.Element {
  const m = tp().node;
  return (
    <section class="card stack" aria-labelledby="others">
      <h2 id="others">{m.others}</h2>
      {checkup.peers.length === 0 && <p class="secondary">{m.noOthers}</p>}
      <ul class="list">
        {checkup.peers.map((p) => (
          <li key={p.node}>
            <p>
              <span class="key">{p.node}</span>
              <span class="key block">{p.addr}</span>
            </p>
            {p.community && <span class="chip">{m.ours}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ checkup }: { checkup: Checkup }): JSX.Element {
  const m = tp().node;
  return (
    <section class="card stack" aria-labelledby="facts">
      <h2 id="facts">{m.facts}</h2>
      <p>{m.version(checkup.version, checkup.go)}</p>
      <p>
        {checkup.metrics === undefined ? m.noMetrics : m.metrics}{" "}
        {checkup.metrics !== undefined && (
          <a href={checkup.metrics} target="_blank" rel="noreferrer">
            {checkup.metrics}
          </a>
        )}
      </p>
      <a class="text-link" href={paths.docs}>
        {tp().docs.title}
      </a>
    </section>
  );
}
