import { computed, signal } from "@preact/signals";
import { parseLink, type Did, type Id, type Link } from "../sdk";

/** What an address of this page leads to. */
export type Route =
  | { page: "hallway" }
  | { page: "room"; id: Id }
  | { page: "invite" }
  | { page: "invites" }
  | { page: "calendar" }
  | { page: "search"; query: string }
  | { page: "notices" }
  | { page: "community" }
  | { page: "profile" }
  | { page: "person"; who: Did; from: Did | null }
  | { page: "recovery" }
  | { page: "restore" }
  | { page: "node" }
  | { page: "docs" }
  | { page: "not-found" };

const address = signal(new URL(location.href));

/** The owner, invite or room link that the address is, secrets in its fragment included. */
export const link = computed<Link>(() => parseLink(address.value));

/** The page to show. */
export const route = computed<Route>(() => {
  const path = address.value.pathname.replace(/\/+$/, "");
  switch (path) {
    case "":
      return { page: "hallway" };
    case "/calendar":
      return { page: "calendar" };
    case "/notices":
      return { page: "notices" };
    case "/invites":
      return { page: "invites" };
    case "/search":
      return { page: "search", query: new URLSearchParams(address.value.search).get("q") ?? "" };
    case "/community":
      return { page: "community" };
    case "/me":
      return { page: "profile" };
    case "/recovery":
      return { page: "recovery" };
    case "/restore":
      return { page: "restore" };
    case "/node":
      return { page: "node" };
    case "/docs":
      return { page: "docs" };
    default:
      if (/^\/p\/did:key:z6Mk\w+$/.test(path)) {
        return { page: "person", who: path.slice(3), from: new URLSearchParams(address.value.search).get("from") };
      }
      if (/^\/i\/[^/]+$/.test(path)) return { page: "invite" };
      return link.value.kind === "room" ? { page: "room", id: link.value.room } : { page: "not-found" };
  }
});

/** Where to go on once a step in between (recovery file) is done. */
export const next = computed(() => {
  const path = new URLSearchParams(address.value.search).get("next") ?? "/";
  return /^\/(?!\/)[\w/-]*$/.test(path) ? path : "/";
});

export const paths = {
  hallway: "/",
  invites: "/invites",
  calendar: "/calendar",
  search: (query = "") => (query === "" ? "/search" : `/search?q=${encodeURIComponent(query)}`),
  notices: "/notices",
  community: "/community",
  profile: "/me",
  /** Somebody's profile; for one of another community with a node that knows them. */
  person: (who: Did, from: Did | null = null) => `/p/${who}${from === null ? "" : `?from=${from}`}`,
  restore: (then: string) => (then === "/" ? "/restore" : `/restore?next=${encodeURIComponent(then)}`),
  node: "/node",
  docs: "/docs",
  room: (id: Id) => `/r/${id}`,
  recovery: (then: string) => `/recovery?next=${encodeURIComponent(then)}`,
};

/** What this page notes at its entries of the browser's history. */
interface Entry {
  /** How many entries of this page lie below, without one of another site between. */
  below: number;
  /** Whether it stands for a dialog over the page of the entry below, so that Back closes the dialog. */
  dialog?: true;
}

/** What Back does to the dialogs that are open, the newest last. However many, they share one entry. */
const dialogs: (() => void)[] = [];

/** Whether the entry of a dialog that closed is on its way out: the browser takes its time. */
let returning = false;

function entry(): Entry {
  return (history.state as Entry | null) ?? { below: 0 };
}

function push(url: URL | string, dialog?: true): void {
  const next: Entry = { below: entry().below + 1, ...(dialog && { dialog }) };
  history.pushState(next, "", url);
}

/** Goes to a path of this page. Replacing takes the present address, and a secret in it, out of the history. */
export function navigate(path: string, how: { replace?: boolean } = {}): void {
  if (returning) {
    addEventListener("popstate", () => navigate(path, how), { once: true });
    return;
  }
  const url = new URL(path, location.origin);
  const { below, dialog } = entry();
  if (how.replace === true || dialog === true) history.replaceState({ below } satisfies Entry, "", url);
  else push(url);
  address.value = url;
  scrollTo(0, 0);
}

/** Makes Back close a dialog instead of leaving the page, until the returned function is called: it has closed. */
export function closeOnBack(close: () => void): () => void {
  const onBack = () => close();
  dialogs.push(onBack);
  if (entry().dialog !== true) push(location.href, true);
  return () => {
    const at = dialogs.indexOf(onBack);
    if (at >= 0) dialogs.splice(at, 1);
    queueMicrotask(() => {
      if (dialogs.length > 0 || entry().dialog !== true || returning) return; // another dialog or page took its place
      returning = true;
      history.back();
    });
  };
}

/** Puts the hallway below the present page if nothing of this page is there: Back goes to it, not to another site. */
export function hallwayBelow(): void {
  if (entry().below > 0) return;
  const here = location.href;
  history.replaceState({ below: 0 } satisfies Entry, "", paths.hallway);
  push(here);
}

/** Follows the address. */
function read(): void {
  if (address.value.href !== location.href) address.value = new URL(location.href);
}

/** Follows the browser's Back and Forward. */
function onPop(): void {
  read();
  const { dialog } = entry();
  if (returning) {
    returning = false;
    if (dialogs.length > 0 && dialog !== true) push(location.href, true); // opened in the meantime
  } else if (dialog !== true) {
    dialogs.pop()?.();
    if (dialogs.length > 0) push(location.href, true); // the next Back is for the one below
  } else if (dialogs.length === 0) {
    history.back(); // Forward, or a reload: the dialog is no more
  }
}

/** Starts to follow links and the browser's buttons. */
export function startRouter(): void {
  addEventListener("popstate", onPop);
  addEventListener("hashchange", read);
  if (entry().dialog === true) history.back();
  document.addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    const a = e.target instanceof Element ? e.target.closest("a") : null;
    if (a === null || a.target !== "" || a.hasAttribute("download") || a.origin !== location.origin) return;
    const href = a.getAttribute("href") ?? "";
    e.preventDefault();
    if (href.startsWith("#")) {
      document.getElementById(href.slice(1))?.focus(); // the address stays: its fragment may be a secret
      return;
    }
    navigate(a.pathname + a.search + a.hash);
  });
}
