import type { JSX } from "preact";
import { span, t } from "../i18n";
import { Select } from "../parts/field";

/** How long before a date people are reminded unless they choose otherwise, in seconds. */
export const remindBefore = 600;

const choices = [0, 300, 600, 1800, 3600, 86_400];

/** How long before each date one wants to be reminded, in seconds; null for not at all. */
export function RemindField(props: { label: string; before: number | null; onPick: (before: number | null) => void }): JSX.Element {
  const m = t().plan;
  const { before } = props;
  const times = [...new Set([...choices, ...(before === null ? [] : [before])])].sort((a, b) => a - b);
  return (
    <Select
      label={props.label}
      value={String(before ?? "")}
      options={[
        { value: "", label: m.remindNever },
        ...times.map((s) => ({ value: String(s), label: s === 0 ? m.remindAtStart : m.remindBefore(span(s)) })),
      ]}
      onPick={(value) => props.onPick(value === "" ? null : Number(value))}
    />
  );
}
