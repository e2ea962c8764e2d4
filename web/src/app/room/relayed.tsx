import type { JSX } from "preact";
import type { Room } from "../../sdk";
import { t } from "../i18n";
import { Named } from "../parts/named";
import { host, node } from "../state/session";
import { isForeign } from "./card";
import { nodeMark } from "./people";

/** Who carries the sound: the node of this page and, where another one hosts the room, that one as well. */
export function Relayed({ room }: { room: Room }): JSX.Element {
  const m = t().prejoin;
  const mark = nodeMark(room.host);
  const elsewhere = node.value !== null && room.host !== node.value.node;
  return (
    <p class="secondary small">
      {m.relayed(host)}
      {elsewhere && " "}
      {elsewhere &&
        (isForeign(room) ? <Named say={(name) => m.hostedThere(name, mark)} name={room.community.name} /> : m.hostedBeside(mark))}
    </p>
  );
}
