import { computed, signal } from "@preact/signals";
import { parseLink, type Id, type Link } from "../sdk";

/** What an address of this page leads to. */
export type Route =
  | { page: "hallway" }
  | { page: "room"; id: Id }
  | { page: "invite" }
  | { page: "invites" }
  | { page: "profile" }
  | { page: "recovery" }
  | { page: "restore" }
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
    case "/invites":
      return { page: "invites" };
    case "/me":
      return { page: "profile" };
    case "/recovery":
      return { page: "recovery" };
    case "/restore":
      return { page: "restore" };
    default:
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
  profile: "/me",
  restore: "/restore",
  room: (id: Id) => `/r/${id}`,
  recovery: (then: string) => `/recovery?next=${encodeURIComponent(then)}`,
};

/** Goes to a path of this page. Replacing takes the present address, and a secret in it, out of the history. */
export function navigate(path: string, how: { replace?: boolean } = {}): void {
  const url = new URL(path, location.origin);
  if (how.replace === true) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  address.value = url;
  scrollTo(0, 0);
}

/** Starts to follow links and the browser's buttons. */
export function startRouter(): void {
  const read = () => (address.value = new URL(location.href));
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
  document.addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    const a = e.target instanceof Element ? e.target.closest("a") : null;
    if (a === null || a.target !== "" || a.hasAttribute("download") || a.origin !== location.origin) return;
    const href = a.getAttribute("href") ?? "";
    if (href.startsWith("#")) return;
    e.preventDefault();
    navigate(a.pathname + a.search + a.hash);
  });
}
