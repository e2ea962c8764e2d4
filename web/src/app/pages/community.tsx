import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ProblemError, type Asking, type Community, type Me, type Rules } from "../../sdk";
import { day, plain, relative, t, tp } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Field } from "../parts/field";
import { Form, useText, type TextField } from "../parts/form";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { RulesInWords } from "../parts/rules";
import { fault, nameLength, tidy } from "../parts/text";
import { TopBar } from "../parts/top-bar";
import { client, community, refresh } from "../state/session";
import { attempt, explain, say } from "../state/toast";

/** How often a steward's list of requests is read again. */
const lookEvery = 10_000;

const warnBefore = 60 * 86_400_000;

/** The community: who asks to join, for stewards; its rules, which the founder changes here; its nodes. */
export function CommunityPage({ self }: { self: Me }): JSX.Element {
  const m = tp().community;
  const here = community.value;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <Heading title={m.title} />
        {here !== null && self.steward && (here.entry === "ask" || self.waiting > 0) && <Requests />}
        {here !== null && (
          <section class="card stack" aria-labelledby="rules">
            <h2 id="rules">{m.rules}</h2>
            <p class="secondary">
              {m.rulesText} {!self.founder && m.founderOnly}
            </p>
            {self.founder ? <RulesForm key={here.rules.order} shown={here} /> : <RulesInWords rules={here.rules} />}
          </section>
        )}
        {self.founding !== undefined && (
          <section class="card stack" aria-labelledby="nodes">
            <h2 id="nodes">{m.nodes}</h2>
            <p class="secondary">{m.nodesText}</p>
            <ul class="list">
              {self.founding.nodes.map((node) => (
                <li key={node.node}>
                  <p>
                    <span class="key block">{node.node}</span>
                    <span class="secondary small block">{m.until(day(node.expires))}</span>
                    {node.expires - client.now() < warnBefore && <span class="small block">{m.soon}</span>}
                  </p>
                </li>
              ))}
            </ul>
          </section>
        )}
      </main>
    </>
  );
}

function Requests(): JSX.Element {
  const m = tp().community;
  const asks = useSignal<readonly Asking[] | null>(null);
  const failure = useSignal<string | null>(null);
  const busy = useSignal(false);
  const load = async () => {
    try {
      asks.value = await client.asks.list();
      failure.value = null;
    } catch (error) {
      failure.value = explain(error);
    }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), lookEvery);
    return () => clearInterval(timer);
  }, []);
  const answer = async (how: Promise<unknown>, done: string) => {
    busy.value = true;
    try {
      await how;
      say(done);
    } finally {
      busy.value = false;
      await Promise.all([load(), refresh()]);
    }
  };
  return (
    <section class="card stack" aria-labelledby="requests" aria-busy={asks.value === null}>
      <h2 id="requests">{t().entry.requests}</h2>
      <p class="secondary">{m.youAnswer}</p>
      {failure.value !== null && <Notice kind="warning" text={failure.value} />}
      {asks.value?.length === 0 && <p>{m.nobody}</p>}
      <ul class="list">
        {asks.value?.map((ask) => (
          <li key={ask.id} class="request">
            <Avatar id={ask.member.key} name={ask.member.name} size={40} />
            <p>
              <bdi>{ask.member.name}</bdi>
              <span class="block">{ask.message === "" ? <em>{m.noMessage}</em> : <bdi>{ask.message}</bdi>}</span>
              <span class="secondary small block">{m.asked(relative(ask.at, client.now()))}</span>
            </p>
            <div class="row">
              <button
                type="button"
                class="button button-primary"
                disabled={busy.value}
                aria-label={m.approveWhich(ask.member.name)}
                onClick={() => attempt(answer(client.asks.approve(ask), m.approved(ask.member.name)))}
              >
                {m.approve}
              </button>
              <button
                type="button"
                class="button"
                disabled={busy.value}
                aria-label={m.declineWhich(ask.member.name)}
                onClick={() => attempt(answer(client.asks.decline(ask.id), m.declinedDone))}
              >
                {m.decline}
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

type NumberRule = Exclude<keyof Rules, "aud" | "iat" | "order" | "name" | "entry">;

const minute = 60;
const oneDay = 86_400;

/** The numbers among the rules: in what unit people meet them, and what the page takes. A statement may say more. */
const numbers: readonly { rule: NumberRule; unit: number; low: number; high: number }[] = [
  { rule: "admit_slots", unit: 1, low: 0, high: 1000 },
  { rule: "period_slots", unit: 1, low: 0, high: 1000 },
  { rule: "period", unit: oneDay, low: 1, high: 365 },
  { rule: "host_people", unit: 1, low: 1, high: 1000 },
  { rule: "host_time", unit: minute, low: 1, high: 1440 },
  { rule: "speak_time", unit: minute, low: 1, high: 1440 },
  { rule: "probation", unit: oneDay, low: 0, high: 365 },
  { rule: "invite_life", unit: oneDay, low: 1, high: 365 },
];

/** What a field says, in the rule's own unit; null if it is neither the number in force nor one within the bounds. */
function numberIn(text: string, of: (typeof numbers)[number], inForce: number): number | null {
  if (text === plainNumber(inForce / of.unit)) return inForce;
  const n = Number(text.trim().replace(",", "."));
  const whole = of.unit === 1;
  if (text.trim() === "" || !Number.isFinite(n) || (whole && !Number.isInteger(n))) return null;
  const value = Math.round(n * of.unit);
  return value < of.low * of.unit || value > of.high * of.unit ? null : value;
}

function RulesForm({ shown }: { shown: Community }): JSX.Element {
  const m = tp().community;
  const rules = shown.rules;
  const name = useText(shown.name);
  const entry = useSignal(rules.entry);
  const stale = useSignal(false);
  const fields = Object.fromEntries(
    // The list never changes, so the hooks are called in one order.
    numbers.map((each) => [each.rule, useText(plainNumber(rules[each.rule] / each.unit))]),
  ) as Record<NumberRule, TextField>;
  const labels: Record<NumberRule, string> = {
    admit_slots: m.admitSlots, period_slots: m.periodSlots, period: m.period, host_people: m.hostPeople,
    host_time: m.hostTime, speak_time: m.speakTime, probation: m.probationDays, invite_life: m.inviteLife,
  };
  const hints: Partial<Record<NumberRule, string>> = { period: m.periodHint, host_people: m.hostPeopleHint };
  const check = () => {
    const wrong = fault(name.value, nameLength);
    const j = t().join;
    if (wrong !== null) name.refuse({ missing: j.communityMissing, long: j.nameLong, characters: j.nameCharacters }[wrong]);
    let fine = wrong === null;
    for (const each of numbers) {
      if (numberIn(fields[each.rule].value, each, rules[each.rule]) !== null) continue;
      fields[each.rule].refuse(m.numberWrong(plain(each.low), plain(each.high)));
      fine = false;
    }
    return fine;
  };
  const save = async () => {
    const change: Partial<Rules> = { entry: entry.value };
    for (const each of numbers) change[each.rule] = numberIn(fields[each.rule].value, each, rules[each.rule]) ?? rules[each.rule];
    try {
      await client.founder.changeRules(rules, change, tidy(name.value));
    } catch (error) {
      stale.value = error instanceof ProblemError && error.code === "rules-stale";
      throw error;
    }
    await refresh();
    say(m.saved);
  };
  const ways = [
    { way: "invite", label: m.entryInvite, hint: m.entryInviteHint },
    { way: "ask", label: m.entryAsk, hint: m.entryAskHint },
    { way: "open", label: m.entryOpen, hint: m.entryOpenHint },
  ] as const;
  return (
    <Form
      submit={m.save}
      submitting={m.saving}
      check={check}
      onSubmit={save}
      after={
        stale.value && (
          <button type="button" class="button" onClick={() => attempt(refresh())}>
            {m.again}
          </button>
        )
      }
    >
      <Field label={m.communityName} value={name.value} error={name.error} onText={name.set} required />
      <fieldset class="field">
        <legend class="legend">{m.entry}</legend>
        {ways.map(({ way, label, hint }) => (
          <label key={way} class="choice">
            <input type="radio" name="entry" value={way} checked={entry.value === way} onChange={() => (entry.value = way)} />
            <span>
              {label}
              <span class="secondary small block">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="rules-numbers">
        {numbers.map((each) => (
          <Field
            key={each.rule}
            label={labels[each.rule]}
            hint={hints[each.rule] ?? m.range(plain(each.low), plain(each.high))}
            value={fields[each.rule].value}
            error={fields[each.rule].error}
            onText={fields[each.rule].set}
            inputmode="decimal"
            required
          />
        ))}
      </div>
    </Form>
  );
}

/** A number as a field holds it. */
function plainNumber(n: number): string {
  return String(Math.round(n * 1e6) / 1e6);
}
