import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { encode } from "uqr";

/** A QR code as one SVG path: dark on light in either theme, since scanners expect that. */
export function QRCode(props: { text: string; label: string }): JSX.Element {
  const { size, path } = useMemo(() => {
    const code = encode(props.text, { ecc: "M", border: 3 });
    let d = "";
    code.data.forEach((row, y) => {
      for (let x = 0; x < row.length; x++) {
        if (row[x] !== true) continue;
        let run = 1;
        while (row[x + run] === true) run++;
        d += `M${x} ${y}h${run}v1h-${run}z`;
        x += run;
      }
    });
    return { size: code.size, path: d };
  }, [props.text]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={props.label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fffdf8" />
      <path d={path} fill="#22201c" />
    </svg>
  );
}
