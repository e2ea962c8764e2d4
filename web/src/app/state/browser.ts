/** What this browser or this address lacks, so that nothing can work. */
export type Lack = { kind: "insecure" } | { kind: "storage" } | { kind: "old"; missing: string };

/** The first thing that is lacking, if any. */
export async function lacking(): Promise<Lack | null> {
  if (!isSecureContext) return { kind: "insecure" };
  const has: readonly (readonly [boolean, string])[] = [
    ["RTCPeerConnection" in window, "WebRTC"],
    ["indexedDB" in window, "IndexedDB"],
    ["HTMLDialogElement" in window, "<dialog>"],
    ["Segmenter" in Intl, "Intl.Segmenter"],
    ["locks" in navigator, "Web Locks"],
    [await signs(), "Ed25519"],
  ];
  const missing = has.flatMap(([there, name]) => (there ? [] : [name]));
  return missing.length === 0 ? null : { kind: "old", missing: missing.join(", ") };
}

/** Whether the browser has the kind of key that people are. The last of what is needed that browsers learned (2025). */
async function signs(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign"]);
    return true;
  } catch {
    return false;
  }
}

// What the browsers inside other apps say of themselves. Android's own mark for them is "; wv)"; on iOS they lack Safari.
const apps = /\b(FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|Twitter|Snapchat|Pinterest|LinkedInApp|GSA|TikTok|BytedanceWebview|musical_ly|WhatsApp|Telegram)/;

/** Whether the page is shown inside another app, and whether it may have a microphone at all. */
export function browserOf({ userAgent, mediaDevices }: Partial<Navigator> = navigator): { inApp: boolean; microphone: boolean } {
  const agent = userAgent ?? "";
  const ios = /\b(iPhone|iPad|iPod)\b/.test(agent) && agent.includes("AppleWebKit");
  const inApp = apps.test(agent) || agent.includes("; wv)") || (ios && !agent.includes("Safari/"));
  return { inApp, microphone: typeof mediaDevices?.getUserMedia === "function" };
}

/**
 * An address that makes the system open a page in the person's own browser; null where there is none. Android has the
 * intent: scheme for it. On iOS nothing works from every app, so there the address is copied.
 */
export function openOutside(href: string, agent: string = navigator.userAgent): string | null {
  if (!agent.includes("Android")) return null;
  const { protocol, host, pathname, search, hash } = new URL(href);
  if (hash !== "") return null; // an intent's own parameters begin with "#": the secret of an invite would be lost
  const scheme = protocol.slice(0, -1);
  const fallback = encodeURIComponent(href);
  return `intent://${host}${pathname}${search}#Intent;scheme=${scheme};action=android.intent.action.VIEW;S.browser_fallback_url=${fallback};end`;
}
