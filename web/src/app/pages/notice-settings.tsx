import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { NoticeSettings, QuietHours } from "../../sdk";
import { t } from "../i18n";
import { Select } from "../parts/field";
import { Notice } from "../parts/notice";
import { chooseNotices, noticeSettings } from "../state/notices";
import { here } from "../state/plan";
import { push, turnOff, turnOn } from "../state/push";
import { attempt, say } from "../state/toast";

const kinds = ["topics", "people", "community", "reminders"] as const;

/** What one wants to be told, when not, and where. It is kept at once. */
export function NoticeSettingsSection(): JSX.Element | null {
  const m = t().notices;
  const id = useId();
  const section = useRef<HTMLElement>(null);
  const now = noticeSettings.value;
  const there = now !== null;
  useEffect(() => {
    if (there && location.hash === "#notifications") section.current?.scrollIntoView();
  }, [there]);
  if (now === null) return null;
  const set = (change: Partial<NoticeSettings>) => attempt(chooseNotices((wish) => ({ ...wish, ...change })));
  return (
    <section ref={section} class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.title}</h2>
      <fieldset class="stack-tight plain">
        <legend class="legend">{m.when}</legend>
        {kinds.map((kind) => (
          <label key={kind} class="choice">
            <input type="checkbox" checked={now[kind]} onChange={(e) => set({ [kind]: e.currentTarget.checked })} />
            <span>{m[kind]}</span>
          </label>
        ))}
      </fieldset>
      <Quiet now={now} set={set} />
      <Closed wanted={kinds.some((kind) => now[kind])} />
    </section>
  );
}

const night: QuietHours = { from: "22:00", to: "07:00", zone: here };

function Quiet({ now, set }: { now: NoticeSettings; set: (change: Partial<NoticeSettings>) => void }): JSX.Element {
  const m = t().notices;
  const { quiet } = now;
  const zones = [...new Set([here, quiet?.zone ?? here, ...Intl.supportedValuesOf("timeZone")])];
  const without = () =>
    attempt(
      chooseNotices((wish) => {
        const rest = { ...wish };
        delete rest.quiet;
        return rest;
      }),
    );
  return (
    <div class="stack">
      <label class="choice">
        <input
          type="checkbox"
          checked={quiet !== undefined}
          onChange={(e) => (e.currentTarget.checked ? set({ quiet: night }) : without())}
        />
        <span>
          {m.quietHours}
          <span class="secondary small block">{m.quietHint}</span>
        </span>
      </label>
      {quiet !== undefined && (
        <>
          <div class="row quiet-times">
            <Clock label={m.from} value={quiet.from} onPick={(from) => set({ quiet: { ...quiet, from } })} />
            <Clock label={m.to} value={quiet.to} onPick={(to) => set({ quiet: { ...quiet, to } })} />
          </div>
          <Select
            label={m.zone}
            value={quiet.zone}
            options={zones.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
            onPick={(zone) => set({ quiet: { ...quiet, zone } })}
          />
        </>
      )}
    </div>
  );
}

/** A time of day. It is taken when it is whole: a person who types it is in between for a while. */
function Clock(props: { label: string; value: string; onPick: (value: string) => void }): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="time"
        required
        value={props.value}
        onChange={(e) => /^\d\d:\d\d$/.test(e.currentTarget.value) && e.currentTarget.value !== props.value && props.onPick(e.currentTarget.value)}
      />
    </div>
  );
}

/** Whether this browser is told while the page is closed. The browser asks only after the person has. */
function Closed({ wanted }: { wanted: boolean }): JSX.Element | null {
  const m = t().notices;
  const busy = useSignal(false);
  const change = async (how: () => Promise<unknown>, done: string) => {
    busy.value = true;
    try {
      const before = push.peek();
      await how();
      if (push.peek() !== before && push.peek() !== "denied") say(done);
    } catch (error) {
      if (error instanceof DOMException) say(m.failed, "warning");
      else throw error;
    } finally {
      busy.value = false;
    }
  };
  if (push.value === "unknown" || push.value === "off") return null;
  return (
    <div class="stack">
      <h3>{m.closed}</h3>
      {push.value === "unsupported" && <Notice text={m.unsupported} hint={m.unsupportedHint} />}
      {push.value === "denied" && <Notice text={m.denied} hint={m.deniedHint} />}
      {(push.value === "in" || push.value === "out") && <p class="secondary small">{m.closedHint}</p>}
      {push.value === "out" && !wanted && <p>{m.first}</p>}
      {push.value === "out" && wanted && (
        <div class="row">
          <button type="button" class="button" disabled={busy.value} onClick={() => attempt(change(turnOn, m.turnedOn))}>
            {m.turnOn}
          </button>
        </div>
      )}
      {push.value === "in" && (
        <>
          <p>{m.on}</p>
          <div class="row">
            <button type="button" class="button" disabled={busy.value} onClick={() => attempt(change(turnOff, m.turnedOff))}>
              {m.turnOff}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
