// A first visit, as a phone makes it: what it loads, and when there is something to press.
import type { CDPSession, Page } from "@playwright/test";

/**
 * The phone and its network that Lighthouse tests with ("Slow 4G": docs/throttling.md and mobileSlow4G in
 * core/config/constants.js of GoogleChrome/lighthouse): 1.6 Mbit/s down, 750 kbit/s up, 150 ms a round trip, no loss, and
 * a processor of which a fourth is left. The round trip is given to each request, as DevTools does.
 */
export const phone = { latency: 150, down: (1.6 * 1024 * 1024) / 8, up: (750 * 1024) / 8, slower: 4 } as const;

/** One answer that the page loaded. */
export interface Loaded {
  path: string;
  /** As they came over the line: compressed, with their headers. */
  bytes: number;
}

/** All that a page loads. */
export interface Visit {
  devtools: CDPSession;
  loaded: Loaded[];
  /** The origins that were asked for anything. */
  asked: Set<string>;
}

/** Follows what a page loads from now on, with a cache that is empty. */
export async function watchVisit(page: Page): Promise<Visit> {
  const devtools = await page.context().newCDPSession(page);
  const visit: Visit = { devtools, loaded: [], asked: new Set() };
  const paths = new Map<string, string>();
  devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (!request.url.startsWith("http")) return;
    visit.asked.add(new URL(request.url).origin);
    paths.set(requestId, new URL(request.url).pathname);
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId);
    if (path !== undefined) visit.loaded.push({ path, bytes: encodedDataLength });
  });
  await devtools.send("Network.enable");
  await devtools.send("Network.clearBrowserCache");
  return visit;
}

/** Makes the machine of a page a phone; of its processor as much is taken away as others have left of it. */
export async function throttle({ devtools }: Visit, slower: number = phone.slower): Promise<void> {
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false, latency: phone.latency, downloadThroughput: phone.down, uploadThroughput: phone.up,
  });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slower });
}

/** The sum of what was loaded. */
export function bytesOf(loaded: readonly Loaded[]): number {
  return loaded.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What was loaded, a line each, for a test that fails. */
export function listOf(loaded: readonly Loaded[]): string {
  return loaded.map(({ path, bytes }) => `${String(bytes).padStart(7)} ${path}`).join("\n");
}

/**
 * Runs in the page before its own code: notes when the first control that somebody came for can be used, in milliseconds
 * since the visit began, as the page itself sees it.
 */
export function noteUsable(selector: string): void {
  const watch = window as unknown as { stoaUsable?: number };
  const look = (): void => {
    if (watch.stoaUsable !== undefined || document.querySelector(selector) === null) return;
    watch.stoaUsable = performance.now();
    observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true, attributes: true });
}

/** What {@link noteUsable} noted. */
export async function usableAfter(page: Page): Promise<number> {
  return (await page.waitForFunction(() => (window as unknown as { stoaUsable?: number }).stoaUsable)).evaluate((at) => Number(at));
}
