import type { JSX } from "preact";
import type { Community, Rules } from "../../sdk";
import { span, t } from "../i18n";

/** The way in, in one sentence. */
export function wayIn(entry: Community["entry"]): string {
  const m = t().entry;
  return { invite: m.rulesInvite, ask: m.rulesAsk, open: m.rulesOpen }[entry];
}

/** What earns invites, in one sentence; nothing where nothing does. */
export function earns(rules: Rules): string {
  const m = t().entry;
  if (rules.period_slots === 0) return "";
  return m.nextText(rules.period_slots, m.peopleOf(rules.host_people), span(rules.host_time), span(rules.speak_time));
}

/** The rules of a community in plain words. */
export function RulesInWords({ rules }: { rules: Rules }): JSX.Element {
  const m = t().entry;
  return (
    <ul class="plain-list stack-tight">
      <li>{wayIn(rules.entry)}</li>
      <li>{m.rulesSlots(rules.admit_slots, rules.period_slots)}</li>
      {rules.period_slots > 0 && <li>{earns(rules)}</li>}
      <li>{m.rulesPeriod(span(rules.period), span(rules.invite_life))}</li>
      {rules.probation > 0 && <li>{m.rulesProbation(span(rules.probation))}</li>}
    </ul>
  );
}
