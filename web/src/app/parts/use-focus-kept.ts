import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const pressed = "a[href], button";

/**
 * Keeps the focus in a list when the entry that had it goes, or all of the list: it moves to the entry that took its place,
 * or to the section of the page around the list. Nothing else moves it.
 */
export function useFocusKept(list: RefObject<HTMLElement>, entries: string): void {
  const at = useRef<{ row: number; control: number; around: HTMLElement | null } | null>(null);
  useLayoutEffect(() => { // before anything can have the focus
    const place = list.current;
    if (place === null) return;
    const note = (e: FocusEvent) => {
      const rows = [...place.querySelectorAll("li")];
      const row = rows.findIndex((r) => e.target instanceof Node && r.contains(e.target));
      const controls = [...(rows[row]?.querySelectorAll<HTMLElement>(pressed) ?? [])];
      at.current = row < 0 ? null : { row, control: controls.indexOf(e.target as HTMLElement), around: place.closest("section, main") };
    };
    const forget = ({ target }: FocusEvent) => {
      queueMicrotask(() => {
        if (place.contains(document.activeElement)) return; // it is in the list still, or will be when its window is in front again
        if (target instanceof Node && target.isConnected) at.current = null; // the person went elsewhere: nothing went from under them
      });
    };
    place.addEventListener("focusin", note);
    place.addEventListener("focusout", forget);
    return () => {
      place.removeEventListener("focusin", note);
      place.removeEventListener("focusout", forget);
    };
  }, [list, entries === ""]);
  useLayoutEffect(() => {
    const lost = at.current;
    if (lost === null || document.activeElement !== document.body) return;
    const rows = list.current?.querySelectorAll("li") ?? [];
    const row = rows[Math.min(lost.row, rows.length - 1)];
    (row?.querySelectorAll<HTMLElement>(pressed)[lost.control] ?? lost.around)?.focus({ preventScroll: true });
  }, [list, entries]);
  useLayoutEffect(() => () => {
    if (at.current !== null && list.current?.contains(document.activeElement)) at.current.around?.focus({ preventScroll: true });
  }, [list]);
}
