import { signal, type ReadonlySignal } from "@preact/signals";
import type { Readable } from "../../sdk";

/** A signal that follows one of the SDK's values until `until` is aborted. */
export function follow<T>(readable: Readable<T>, until: AbortSignal): ReadonlySignal<T> {
  const cell = signal(readable.value);
  const stop = readable.subscribe((value) => (cell.value = value));
  until.addEventListener("abort", stop, { once: true });
  return cell;
}
