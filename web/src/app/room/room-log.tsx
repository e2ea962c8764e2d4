import { useSignal } from "@preact/signals";
import { ShieldAlert, ShieldCheck, ShieldQuestionMark } from "lucide-preact";
import type { JSX } from "preact";
import type { Did, LogLine, RoomHistory } from "../../sdk";
import { duration, moment, t } from "../i18n";
import { fingerprint } from "./people";

/** Lines shown at first. */
const first = 20;

const marks = { proven: ShieldCheck, vouched: ShieldQuestionMark, refused: ShieldAlert } as const;

/** What moderators did, the latest first, each with what became of verifying it. */
export function RoomLog({ history }: { history: RoomHistory }): JSX.Element {
  const m = t().settings;
  const all = useSignal(false);
  const lines = history.lines.toReversed();
  if (lines.length === 0) return <p class="secondary small">{m.logNone}</p>;
  return (
    <>
      <ol class="log">
        {lines.slice(0, all.value ? lines.length : first).map((line) => {
          const Mark = marks[line.verdict];
          return (
            <li key={`${line.at} ${line.act ?? ""}`} class={`log-line log-${line.verdict}`}>
              <Mark aria-hidden="true" />
              <div>
                <p>{sentence(line, history)}</p>
                {line.reason !== undefined && <p class="question">{line.reason.text}</p>}
                <p class="secondary small">
                  <time dateTime={new Date(line.at).toISOString()}>{moment(line.at)}</time> · {m.verdicts[line.verdict]}
                </p>
              </div>
            </li>
          );
        })}
      </ol>
      {!all.value && lines.length > first && (
        <div class="row">
          <button type="button" class="button" onClick={() => (all.value = true)}>
            {t().room.showMore}
          </button>
        </div>
      )}
      <p class="secondary small">{m.logHint}</p>
    </>
  );
}

function sentence({ made, by, claims }: LogLine, { people }: RoomHistory): string {
  const m = t().settings.did;
  const name = (who: Did) => people.get(who) ?? fingerprint(who);
  if (made !== undefined) return m.made(name(made));
  if (by === null || claims === null) return m.unreadable;
  const [who, whom, on] = [name(by), name(claims.sub), claims.switch === "on"];
  const span = claims.duration === undefined ? null : duration(claims.duration * 1000);
  switch (claims.do) {
    case "offer_stage":
      return m.offered(who, whom);
    case "dismiss_hand":
      return m.dismissed(who, whom);
    case "mute":
      return m.muted(who, whom);
    case "mute_all":
      return m.mutedAll(who);
    case "ask_to_unmute":
      return m.asked(who, whom);
    case "move_to_audience":
      return m.moved(who, whom);
    case "appoint_moderator":
      return m.appointed(who, whom);
    case "withdraw_moderator":
      return by === claims.sub ? m.withdrewSelf(who) : m.withdrew(who, whom);
    case "remove":
      return span === null ? m.removed(who, whom) : m.removedFor(who, whom, span);
    case "lift_removal":
      return m.lifted(who, whom);
    case "lock_stage":
      return on ? m.locked(who) : m.unlocked(who);
    case "ask_mode":
      return on ? m.askOn(who) : m.askOff(who);
    case "slow_mode":
      return span === null ? m.slowOff(who) : m.slowOn(who, span);
    case "set_entry":
      return claims.entry === undefined || claims.entry === "" ? m.unreadable : t().door.did.entry[claims.entry](who);
    case "choose":
      return t().door.did.chose(who, whom);
    case "unchoose":
      return t().door.did.unchose(who, whom);
    default:
      return m.unreadable;
  }
}
