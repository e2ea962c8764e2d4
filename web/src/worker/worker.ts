// The service worker: it shows what comes while the page is closed, and opens the page at the room. It keeps nothing and
// answers no request, so it never stands between the page and its node. It is one file at a fixed address, /sw.js.
import { told } from "./told";

/** What is used of a service worker; TypeScript's own declarations of it exclude those of a page. */
interface Worker {
  addEventListener(type: "install" | "activate", heard: (event: Waiting) => void): void;
  addEventListener(type: "push", heard: (event: Waiting & { data: { text(): string } | null }) => void): void;
  addEventListener(type: "notificationclick", heard: (event: Waiting & { notification: Notification }) => void): void;
  skipWaiting(): Promise<void>;
  registration: { showNotification(title: string, options: NotificationOptions): Promise<void> };
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
}

interface Waiting {
  waitUntil(done: Promise<unknown>): void;
}

interface Page {
  visibilityState: DocumentVisibilityState;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}

const worker = self as unknown as Worker;

const pages = () => worker.clients.matchAll({ type: "window", includeUncontrolled: true });

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("push", (event) => event.waitUntil(show(event.data?.text() ?? "")));

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as { path?: string } | null)?.path ?? "/notices"));
});

/** Shows a message, unless the page is in front of somebody: it says so itself. */
async function show(text: string): Promise<void> {
  if ((await pages()).some(({ visibilityState }) => visibilityState === "visible")) return;
  const { title, body, path, tag, language } = told(text, Date.now());
  await worker.registration.showNotification(title, { body, tag, lang: language, icon: "/icon-192.png", data: { path } });
}

/** Goes to a path: in a page that is open, which goes there by itself and keeps what it has going on, or in a new one. */
async function open(path: string): Promise<void> {
  const [page] = await pages();
  if (page === undefined) {
    await worker.clients.openWindow(path);
    return;
  }
  page.postMessage({ type: "open", path });
  await page.focus();
}
