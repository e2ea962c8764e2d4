/** How the arrow keys of a list, a strip or a grid move: to how many places further, or to either end. */
export type Step = number | "first" | "last";

/** The keys of a row of controls. */
export const alongRow: Readonly<Record<string, Step>> = { ArrowLeft: -1, ArrowRight: 1, Home: "first", End: "last" };

/** The keys of a column. */
export const alongColumn: Readonly<Record<string, Step>> = { ArrowUp: -1, ArrowDown: 1 };

/** Where a step leads from a place among so many. The ends are ends. */
export function stepFrom(at: number, step: Step, count: number): number {
  if (step === "first") return 0;
  if (step === "last") return count - 1;
  return Math.min(Math.max(at + step, 0), count - 1);
}

/** Moves the focus among controls by the key that was pressed. Reports whether it was one of the keys. */
export function roam(e: KeyboardEvent, among: readonly HTMLElement[], keys: Readonly<Record<string, Step>>): boolean {
  const step = e.ctrlKey || e.metaKey || e.altKey || e.shiftKey ? undefined : keys[e.key];
  const at = among.findIndex((one) => one === document.activeElement);
  if (step === undefined || at < 0) return false;
  e.preventDefault();
  among[stepFrom(at, step, among.length)]?.focus();
  return true;
}
