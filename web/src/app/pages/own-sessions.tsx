import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { OpenSession } from "../../sdk";
import { moment, relative, tp } from "../i18n";
import { client } from "../state/session";
import { attempt, explain, say } from "../state/toast";

/** Milliseconds between two looks while the page is open. */
const lookEvery = 30_000;

/** Where one is signed in, and the way to end that. */
export function OwnSessions(): JSX.Element {
  const m = tp().own;
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const sessions = useSignal<readonly OpenSession[] | null>(null);
  const failure = useSignal<string | null>(null);
  const look = async () => {
    try {
      sessions.value = await client.own.sessions();
      failure.value = null;
    } catch (error) {
      failure.value = explain(error);
    }
  };
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), lookEvery);
    return () => clearInterval(timer);
  }, []);
  const end = async (how: Promise<void>, done: string) => {
    try {
      await how;
      say(done);
    } finally {
      await look();
      heading.current?.focus(); // the button is gone
    }
  };
  const all = sessions.value ?? [];
  const others = all.filter((session) => session.current !== true).length;
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {m.sessions}
      </h2>
      <p class="secondary">{m.sessionsText}</p>
      {failure.value !== null && <p class="secondary">{failure.value}</p>}
      <ul class="list">
        {all.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            onEnd={() => attempt(end(client.own.endSession(session.id), m.signedOut))}
          />
        ))}
      </ul>
      {others > 0 && (
        <>
          <div class="row">
            <button type="button" class="button" onClick={() => attempt(end(client.own.endOtherSessions(), m.signedOutOthers))}>
              {m.signOutOthers(others)}
            </button>
          </div>
          <p class="secondary small">{m.sessionsHint}</p>
        </>
      )}
    </section>
  );
}

function SessionRow({ session, onEnd }: { session: OpenSession; onEnd: () => void }): JSX.Element {
  const m = tp().own;
  const program = session.program ?? m.program;
  const since = moment(session.since);
  return (
    <li>
      <p>
        <bdi>{program}</bdi> {session.current === true && <span class="chip">{m.here}</span>}
        <span class="secondary small block">
          {m.since(since)}
          {" · "}
          {session.connections > 0 ? m.now : m.seen(relative(session.seen, client.now()))}
        </span>
      </p>
      {session.current !== true && (
        <button type="button" class="button" aria-label={m.signOutWhich(program, since)} onClick={onEnd}>
          {m.signOut}
        </button>
      )}
    </li>
  );
}
