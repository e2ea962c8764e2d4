import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { PlainPage } from "../parts/plain-page";
import { enter, leave, type Presence } from "../state/room";
import { open } from "../state/sheet";
import { attempt, explain } from "../state/toast";

// Milliseconds between attempts, less up to a third by chance: those who wait do not all come at once.
const every = 9_000;

/** There is no place. Waits for one, goes in by itself when there is, and can be told not to. */
export function FullPage({ presence }: { presence: Presence }): JSX.Element {
  const m = t().door;
  const status = presence.status.value;
  const why = useRef("");
  if (status.kind === "refused") why.current = explain(status.problem);
  useEffect(() => {
    if (status.kind !== "refused") return;
    const { id, door, guest } = presence;
    const again = () => enter(id, { door, guest, waits: true });
    const timer = setTimeout(again, every * (1 - Math.random() / 3));
    return () => clearTimeout(timer);
  }, [presence, status.kind]);
  return (
    <PlainPage title={t().closed.full} lead={why.current}>
      <p role="status">{m.waiting}</p>
      <div class="row">
        {presence.guest && (
          <button type="button" class="button button-primary" onClick={() => open({ kind: "join" })}>
            {t().join.submit}
          </button>
        )}
        <button type="button" class="button" onClick={() => attempt(leave())}>
          {m.stopWaiting}
        </button>
      </div>
    </PlainPage>
  );
}
