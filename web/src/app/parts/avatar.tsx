import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { client } from "../state/session";
import { initials } from "./initials";

// Deep tones on which cream initials read at 5:1 or better; any two may meet in one avatar.
const tones = [
  "#8c3b2a", "#73541a", "#4e6b22", "#2a6549", "#1b626b", "#2b5c8a",
  "#4a4f9c", "#6d4590", "#863569", "#94344c", "#5d5348", "#33566b",
] as const;

/** FNV-1a over the key's text: spreads keys over tones and shapes, no more. */
function spread(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** A person's picture; without one it is drawn from their key: two colours and the initials. Decoration: the name stands beside it. */
export function Avatar(props: { id: string; name: string; picture?: string | undefined; size?: number }): JSX.Element {
  const [lost, setLost] = useState("");
  if (props.picture === undefined || props.picture === lost) return <Drawn {...props} />;
  const { picture, size = 80 } = props;
  return (
    <img
      class="avatar"
      src={picture.startsWith("blob:") ? picture : client.people.pictureURL(picture)}
      width={size}
      height={size}
      alt=""
      decoding="async"
      onError={() => setLost(picture)}
    />
  );
}

function Drawn(props: { id: string; name: string; size?: number }): JSX.Element {
  const n = spread(props.id);
  const ground = n % tones.length;
  const figure = (ground + 1 + ((n >>> 8) % (tones.length - 1))) % tones.length;
  const turn = ((n >>> 16) % 8) * 45;
  const letters = initials(props.name);
  return (
    <svg class="avatar" viewBox="0 0 80 80" width={props.size} height={props.size} aria-hidden="true">
      <rect width="80" height="80" fill={tones[ground]} />
      <circle cx="40" cy="82" r="46" fill={tones[figure]} transform={`rotate(${turn} 40 40)`} />
      <text x="40" y="41" text-anchor="middle" dominant-baseline="central" fill="#fff8ec">
        {letters}
      </text>
    </svg>
  );
}
