import { Share2 } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n";
import { attempt } from "../state/toast";
import { LinkField } from "./copy";
import { Soon } from "./later";

const qrCode = () => import("./qr").then(({ QRCode }) => QRCode);

/** A link just made: to copy, to scan, to share. It cannot be shown again. */
export function InviteLink({ link }: { link: string }): JSX.Element {
  const m = t().invites;
  const share = async () => {
    try {
      await navigator.share({ url: link });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
  };
  return (
    <div class="stack">
      <LinkField label={m.link} hint={m.linkFor} link={link} />
      <p class="small">{m.linkOnce}</p>
      <div class="qr-place">
        <Soon load={qrCode} props={{ text: link, label: m.qr }} />
      </div>
      {"share" in navigator && (
        <button type="button" class="button" onClick={() => attempt(share())}>
          <Share2 aria-hidden="true" />
          {m.share}
        </button>
      )}
    </div>
  );
}
