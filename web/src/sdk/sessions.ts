import type { Did } from "./types";

/** A session as a browser keeps it. */
export interface KeptSession {
  /** Whose it is. */
  did: Did;
  token: string;
  /** Whether its member has ended it from elsewhere. */
  ended: boolean;
}

/**
 * Where a browser keeps its session, so that all its pages are one, also after a reload: people see their browsers among
 * their sessions, not their tabs. What is kept is worth as much as the session: the node forgets it after 12 h without use.
 */
export interface SessionKeep {
  /** What is kept; null for nothing. */
  load(): KeptSession | null;
  save(session: KeptSession | null): void;
  /** Does something while no other page of this browser does the same. */
  alone<T>(what: () => Promise<T>): Promise<T>;
}
