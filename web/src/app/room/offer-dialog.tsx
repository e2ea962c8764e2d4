import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Offer } from "../../sdk";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { nameOf, type Presence } from "../state/room";
import { client } from "../state/session";
import { attempt } from "../state/toast";

/** A moderator offers the stage. It comes by itself and goes when it is answered or its time is over. */
export function OfferDialog(props: { presence: Presence; offer: Offer }): JSX.Element {
  const m = t().room;
  const { presence, offer } = props;
  const left = () => Math.max(0, Math.round((offer.expires - client.now()) / 1000)); // the clocks agree to within a round trip
  const seconds = useSignal(left());
  useEffect(() => {
    const timer = setInterval(() => (seconds.value = left()), 1000);
    return () => clearInterval(timer);
  }, [offer.expires]);
  const decline = () => attempt(presence.session.declineOffer());
  return (
    <Dialog title={m.offerTitle} onClose={decline} asks>
      <p>{m.offerText(nameOf(presence, offer.by))}</p>
      <p class="secondary small">{m.offerLeft(seconds.value)}</p>
      <div class="sheet-actions sheet-actions-row">
        <button type="button" class="button button-primary" onClick={() => attempt(presence.session.acceptOffer())}>
          {m.accept}
        </button>
        <button type="button" class="button" onClick={decline}>
          {m.decline}
        </button>
      </div>
    </Dialog>
  );
}
