import type { Contribution } from "./levels";

/** How loud a speaker is played: 0 (not at all) to 1, by the number that names them in the room's audio. */
export type Gains = ReadonlyMap<number, number>;

/**
 * How loud a slot is to be played: as whoever speaks in it now. A slot changes its speaker at any time, and the entry that was
 * heard last says whose voice is being played. Nobody's is played in full: what comes next may be anybody's.
 */
export function gainOf(sources: readonly Pick<Contribution, "source" | "timestamp">[], gains: Gains): number {
  let last: Pick<Contribution, "source" | "timestamp"> | null = null;
  for (const source of sources) if (last === null || source.timestamp > last.timestamp) last = source;
  return last === null ? 1 : (gains.get(last.source) ?? 1);
}
