import { signal } from "@preact/signals";

/** How much of what this member was told they have not seen; the bar over every page shows it. */
export const unread = signal(0);
