import { computed, effect, signal } from "@preact/signals";
import { ProblemError } from "../../sdk";
import { locale } from "../i18n";
import { navigate } from "../router";
import type { Locale } from "./settings";
import { client, me } from "./session";

/** Whether this browser is told while the page is closed. */
export type PushState =
  /** Not known yet. */
  | "unknown"
  /** The node sends nothing to closed pages. */
  | "off"
  /** This browser cannot. */
  | "unsupported"
  /** The person, or the browser for them, said no. */
  | "denied"
  | "out"
  | "in";

export const push = signal<PushState>("unknown");

/** Where the service worker is. It has no part in how the page is loaded. */
const workerPath = "/sw.js";

const member = computed(() => me.value?.member.key ?? null);

const supported = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Has this browser told, too. The browser asks the person first; call it only when they wanted it just now. */
export async function turnOn(): Promise<PushState> {
  if ((await Notification.requestPermission()) !== "granted") return settle();
  const key = await client.notices.pushKey();
  const registration = await navigator.serviceWorker.register(workerPath);
  await navigator.serviceWorker.ready;
  await send(await subscribe(registration, key), locale.peek());
  return settle();
}

/** No longer. */
export async function turnOff(): Promise<PushState> {
  const subscription = await present();
  if (subscription !== null) {
    await client.notices.unsubscribe(subscription.endpoint);
    await subscription.unsubscribe();
  }
  return settle();
}

/** Lets go of the subscription when this browser forgets its member; the node hears of it at the latest when it sends. */
export async function forgetPush(): Promise<void> {
  await turnOff().catch(async () => (await present())?.unsubscribe());
}

/** A subscription by the node's key: one by another key, before it was restored from a backup, is of no use any more. */
async function subscribe(registration: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const before = await registration.pushManager.getSubscription();
  if (before !== null && keyOf(before) === key) return before;
  await before?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

function keyOf(subscription: PushSubscription): string | null {
  const raw = subscription.options.applicationServerKey;
  if (raw === null) return null;
  return btoa(String.fromCharCode(...new Uint8Array(raw))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function send(subscription: PushSubscription, language: Locale): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  await client.notices.subscribe({
    endpoint: endpoint ?? "",
    p256dh: keys?.["p256dh"] ?? "",
    auth: keys?.["auth"] ?? "",
    language,
  });
}

async function present(): Promise<PushSubscription | null> {
  if (!supported()) return null;
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** Finds out how it stands. */
async function settle(): Promise<PushState> {
  push.value = await state();
  return push.value;
}

async function state(): Promise<PushState> {
  if (!supported()) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return (await present()) === null ? "out" : "in";
}

/** Looks how it stands, and tells the node again what may have changed since: the language, or the node's own key. */
async function look(language: Locale): Promise<void> {
  const key = await client.notices.pushKey();
  if ((await settle()) !== "in" || Notification.permission !== "granted") return;
  const registration = await navigator.serviceWorker.register(workerPath); // it may be a newer one
  await send(await subscribe(registration, key), language);
}

/** Follows who this browser belongs to, and goes where a notification that was pressed leads. */
export function startPush(): void {
  effect(() => {
    push.value = "unknown";
    if (member.value === null) return;
    look(locale.value).catch((error: unknown) => {
      if (error instanceof ProblemError && error.code === "push-off") push.value = "off";
    });
  });
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ type?: unknown; path?: unknown } | null>) => {
    if (data?.type === "open" && typeof data.path === "string" && /^\/[\w/-]*$/.test(data.path)) navigate(data.path);
  });
}
