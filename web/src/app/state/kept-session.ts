import type { KeptSession, SessionKeep } from "../../sdk";

const place = "stoa.session";

function isKept(value: unknown): value is KeptSession {
  const kept = value as Partial<KeptSession> | null;
  return typeof kept?.did === "string" && typeof kept.token === "string" && typeof kept.ended === "boolean";
}

/** This browser's session, for all its tabs. */
export const keptSession: SessionKeep = {
  load() {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(place) ?? "null");
      return isKept(stored) ? stored : null;
    } catch {
      return null; // not ours, or a browser that keeps nothing: then each page has a session
    }
  },
  save(session) {
    try {
      if (session === null) localStorage.removeItem(place);
      else localStorage.setItem(place, JSON.stringify(session));
    } catch {
      // as above
    }
  },
  alone: async (what) => navigator.locks.request("stoa-session", what),
};
