import type { JSX } from "preact";

/** How much of a key's end people compare first. */
const compared = 8;

/** A key in full, to be compared with another by eye. */
export function Fingerprint({ of }: { of: string }): JSX.Element {
  return (
    <span class="key">
      {of.slice(0, -compared)}
      <strong>{of.slice(-compared)}</strong>
    </span>
  );
}
