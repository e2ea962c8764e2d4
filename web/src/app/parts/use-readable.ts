import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Readable } from "../../sdk";

/** One of the SDK's values as a signal, followed as long as the component lives. */
export function useReadable<T>(readable: Readable<T>): ReadonlySignal<T> {
  const cell = useSignal(readable.value);
  useEffect(() => {
    cell.value = readable.value;
    return readable.subscribe((value) => (cell.value = value));
  }, [readable]);
  return cell;
}
