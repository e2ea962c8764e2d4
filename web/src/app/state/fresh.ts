import { effect } from "@preact/signals";
import { current } from "./room";
import { phase, refresh, refreshNode } from "./session";

/** Milliseconds that a hidden tab may have been away without a question. */
const stale = 60_000;

/**
 * Asks the node what it is now when that may have changed: after a room's connection was lost, for the node may have been
 * updated, and when somebody comes back to the tab.
 */
export function startFresh(): void {
  let lost = false;
  effect(() => {
    const status = current.value?.status.value.kind;
    if (status === "reconnecting") lost = true;
    if (status !== "live" || !lost) return;
    lost = false;
    ask();
  });
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hidden = Date.now();
    else if (Date.now() - hidden > stale) ask();
  });
}

function ask(): void {
  const { kind } = phase.peek();
  const read = kind === "member" ? refresh : kind === "stranger" ? refreshNode : null;
  void read?.().catch(() => undefined); // it is only news
}
