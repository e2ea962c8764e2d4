import type { Body } from "./statement";
import type { Did } from "./types";

const day = 86_400;

/** How long a node may speak for the community before the founder's client renews it. */
export const delegateLife = 365 * day;

/** The rules a community begins with. Times are seconds. */
const firstRules = {
  order: 1,
  entry: "invite",
  admit_slots: 2,
  period_slots: 3,
  period: 7 * day,
  invite_life: 14 * day,
  host_people: 3,
  host_time: 600,
  speak_time: 600,
  probation: 7 * day,
} as const;

interface Founding {
  delegate: Body<"delegate">;
  rules: Body<"rules">;
}

/** The bodies of the two statements that make a community: its first node, and its rules. */
export function founding(root: Did, node: Did, name: string, iat: number): Founding {
  return {
    delegate: { kind: "delegate", claims: { aud: root, iat, exp: iat + delegateLife, sub: node, order: 1 } },
    rules: { kind: "rules", claims: { aud: root, iat, name, ...firstRules } },
  };
}
