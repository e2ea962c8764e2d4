/** Milliseconds after which what did not come is asked for again. */
const retryAfter = 3_000;

/** Tries until the node answers; tells `onFailure` when it does not. */
export async function surely(load: () => Promise<unknown>, onFailure?: () => void): Promise<void> {
  for (;;) {
    try {
      await load();
      return;
    } catch {
      onFailure?.();
      await new Promise((over) => setTimeout(over, retryAfter));
    }
  }
}
