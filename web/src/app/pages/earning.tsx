import type { JSX } from "preact";
import type { Earning, Grant, Standing } from "../../sdk";
import { day, duration, relative, span, t, tp } from "../i18n";
import { client, me } from "../state/session";

/** How the next invites come, and how far one is. */
export function EarningCard({ earning }: { earning: Earning }): JSX.Element {
  const m = tp().earning;
  const ends = relative(earning.ends, client.now());
  return (
    <section class="card stack" aria-labelledby="earning">
      <h2 id="earning">{m.next(earning.slots)}</h2>
      <p>
        {t().entry.nextText(
          earning.slots,
          t().entry.peopleOf(earning.host_people),
          span(earning.host_time / 1000),
          span(earning.speak_time / 1000),
        )}
      </p>
      {earning.earned !== undefined ? (
        <p>{earning.earned === "hosting" ? m.earnedHosting(ends) : m.earnedSpeaking(ends)}</p>
      ) : (
        <>
          <Progress label={m.hosting} done={earning.hosted} all={earning.host_time} />
          {earning.people > 0 && <p class="small">{m.here(earning.people, earning.host_people)}</p>}
          <Progress label={m.speaking} done={earning.spoken} all={earning.speak_time} />
          <p class="secondary small">{m.periodEnds(ends)}</p>
        </>
      )}
      <p class="secondary small">
        {m.branches} {m.onlyHere}
      </p>
    </section>
  );
}

function Progress(props: { label: string; done: number; all: number }): JSX.Element {
  const done = Math.min(props.done, props.all);
  return (
    <label class="progress">
      <span>{props.label}</span>
      <span class="secondary small">{tp().earning.ofTime(duration(done), duration(props.all))}</span>
      <progress value={done} max={Math.max(1, props.all)} />
    </label>
  );
}

/** What one was given, and why. */
export function Received({ grants }: { grants: readonly Grant[] }): JSX.Element | null {
  const m = tp().earning;
  if (grants.length === 0) return null;
  const why = { admission: m.admission, hosting: m.forHosting, speaking: m.forSpeaking };
  return (
    <section class="stack" aria-labelledby="received">
      <h2 id="received">{m.received}</h2>
      <ul class="list">
        {grants.toReversed().map((grant) => (
          <li key={`${grant.why} ${grant.at}`}>
            <p>
              {m.slots(grant.slots)} {why[grant.why]}
              <span class="secondary small block">{day(grant.at)}</span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How one stands: who answers, for whom one answers. */
export function StandingCard({ standing }: { standing: Standing }): JSX.Element {
  const m = tp().earning;
  const sponsor = me.value?.chain[1]?.name ?? "";
  const way = { invite: m.wayInvite(sponsor), ask: m.wayAsk(sponsor), open: m.wayOpen };
  return (
    <section class="stack" aria-labelledby="standing">
      <h2 id="standing">{m.standing}</h2>
      <ul class="plain-list stack-tight">
        <li>{standing.way === undefined ? m.wayFounder : way[standing.way]}</li>
        <li>{standing.answers === 0 ? m.answersNobody : m.answersFor(standing.answers)}</li>
        {standing.probation !== undefined && <li>{m.probation(day(standing.probation))}</li>}
      </ul>
    </section>
  );
}
