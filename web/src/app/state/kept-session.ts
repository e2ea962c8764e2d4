import type { KeptSession, SessionKeep } from "../../sdk";
import { store, stored } from "./stored";

function isKept(value: unknown): value is KeptSession {
  const kept = value as Partial<KeptSession> | null;
  return typeof kept?.did === "string" && typeof kept.token === "string" && typeof kept.ended === "boolean";
}

/** This browser's session, for all its tabs. In a browser that keeps nothing each page has one. */
export const keptSession: SessionKeep = {
  load() {
    const kept = stored("session");
    return isKept(kept) ? kept : null;
  },
  save: (session) => store("session", session),
  alone: async (what) => navigator.locks.request("stoa-session", what),
};
