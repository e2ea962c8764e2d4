import { loadRefusals } from "./i18n";
import { more, pages } from "./load";
import { inside } from "./state/current";
import { surely } from "./state/surely";

/** Whether the person asked for as little as possible to be loaded. */
function sparing(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/** Waits until the browser has nothing to do, or for two seconds. */
function idle(): Promise<void> {
  return new Promise((done) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => done(), { timeout: 2_000 });
    else setTimeout(done, 300);
  });
}

/**
 * Loads the other parts of the page once its first one has been shown: what is needed in rooms at once, what opens by a
 * press when there is nothing to do, other pages when somebody points at a link.
 */
export async function loadRest(): Promise<void> {
  await new Promise((drawn) => setTimeout(drawn));
  await surely(() => inside.load());
  await surely(loadRefusals);
  for (const sign of ["pointerover", "focusin"]) document.addEventListener(sign, pointed, { passive: true });
  if (sparing()) return;
  await idle();
  await surely(more);
}

/** Somebody may be about to go to another page. */
function pointed({ target }: Event): void {
  if (!(target instanceof Element) || target.closest("a[href^='/']") === null) return;
  for (const sign of ["pointerover", "focusin"]) document.removeEventListener(sign, pointed);
  void pages().catch(() => undefined); // they are asked for again when they are wanted
}
