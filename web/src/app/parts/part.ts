import { signal } from "@preact/signals";

/** A part of this page whose code is loaded when it is wanted, or before, when there is nothing else to do. */
export interface Part<T> {
  /** What was loaded; null before. A component that reads it is drawn anew when it comes. */
  readonly here: T | null;
  /** Loads it, once. Without an answer of the node it rejects, and the next call tries again. */
  load(): Promise<T>;
}

/** Makes a part of an import. */
export function part<T>(fetch: () => Promise<T>): Part<T> {
  const loaded = signal<{ it: T } | null>(null);
  let coming: Promise<T> | null = null;
  return {
    get here() {
      return loaded.value?.it ?? null;
    },
    load() {
      coming ??= fetch().then(
        (it) => {
          loaded.value = { it };
          return it;
        },
        (error: unknown) => {
          coming = null;
          throw error;
        },
      );
      return coming;
    },
  };
}
