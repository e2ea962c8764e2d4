import type { JSX } from "preact";
import { useId } from "preact/hooks";

/** The stoa itself: a row of columns at dusk, as wide as it may be, with a lamp between the middle two. Decoration. */
export function Colonnade(): JSX.Element {
  const id = useId();
  return (
    <svg class="colonnade" width="100%" height="128" aria-hidden="true">
      <defs>
        {/* One bay: half a span, a column, half a span. The middle of the picture falls between two columns. */}
        <pattern id={id} x="50%" width="72" height="128" patternUnits="userSpaceOnUse">
          <path class="stone" d="M0 16h72v7H0zM0 26h72v4H0zM0 120h72v8H0z" />
          <path class="stone" d="M22 30h28v4H22zM25 36h22l-2 4H27zM28.5 42h15l2 72h-19zM24 116h24v4H24z" />
          <path class="flute" d="M33 46l-1.2 64M39 46l1.2 64" />
        </pattern>
      </defs>
      <svg class="glow" x="50%" overflow="visible">
        <circle cy="76" r="52" />
        <circle cy="76" r="36" />
        <circle cy="76" r="22" />
      </svg>
      <rect width="100%" height="128" fill={`url(#${id})`} />
      <svg x="50%" overflow="visible">
        <path class="chain" d="M0 30v30" />
        <path class="lamp" d="M-7 60H7l5 18a12 8 0 0 1-24 0z" />
      </svg>
    </svg>
  );
}

/** The mark: a gable, two columns, a lamp. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 40 40" aria-hidden="true">
      <path class="stone" d="M2 13 20 3l18 10v3H2zM4 33h32v4H4zM7 18h5v13H7zM28 18h5v13h-5z" />
      <circle class="lamp" cx="20" cy="24.5" r="4.5" />
    </svg>
  );
}
