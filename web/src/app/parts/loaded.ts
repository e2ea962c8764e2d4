import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** What was asked of the node for a page: on its way, there, or failed. */
export type Loaded<T> = { kind: "loading" } | { kind: "there"; value: T } | { kind: "failed"; error: unknown };

/** Asks when the component is first shown, when it becomes about something else, and again when told to. */
export function useLoaded<T>(ask: () => Promise<T>, about: string): { loaded: Loaded<T>; again: () => void } {
  const loaded = useSignal<Loaded<T>>({ kind: "loading" });
  const last = useRef<Promise<T> | null>(null);
  const again = () => {
    loaded.value = { kind: "loading" };
    const asked = (last.current = ask());
    const settle = (now: Loaded<T>) => {
      if (last.current === asked) loaded.value = now; // nothing else was asked meanwhile
    };
    asked.then(
      (value) => settle({ kind: "there", value }),
      (error: unknown) => settle({ kind: "failed", error }),
    );
  };
  useEffect(again, [about]);
  return { loaded: loaded.value, again };
}
