/**
 * Who speaks. A level is the root mean square of the sound, 0 to 1; in a packet it is the audio level of RFC 6464, which
 * the browser turns into the same scale.
 */
export const levelLimits = {
  /** A ring lights from here on: −40 dBov, above the noise of a quiet room behind noise suppression. */
  speaking: 0.01,
  /** "You are muted" needs clear speech: −34 dBov. */
  speakingWhileMuted: 0.02,
} as const;

/** Milliseconds. */
export const levelTimes = {
  /** How often levels are read. */
  poll: 100,
  /** Browsers remember contributing sources for 10 s; one that told nothing new for this long is silent. */
  fresh: 200,
  /** A ring stays lit over the pauses between words. */
  hold: 300,
  /** Speech this long while muted is noticed … */
  mutedSpeech: 400,
  /** … and forgotten after this much silence. */
  mutedSilence: 2_000,
} as const;

/** What is read of an RTCRtpContributingSource. */
export interface Contribution {
  source: number;
  timestamp: number;
  audioLevel?: number;
}

interface Heard {
  timestamp: number;
  changed: number;
  level: number;
  lit: number;
}

/**
 * Turns what receivers report into who speaks now. The age of an entry is told from when its timestamp last changed,
 * because browsers do not agree on the timestamp's origin.
 */
export class SpeakerLevels {
  readonly #heard = new Map<number, Heard>();

  /** Takes one reading of all receivers, at a time in ms, and gives csrc to level for those who speak. */
  read(contributions: readonly Contribution[], now: number): Map<number, number> {
    for (const { source, timestamp, audioLevel } of contributions) {
      const before = this.#heard.get(source);
      if (before !== undefined && before.timestamp >= timestamp) continue;
      // A first sight may be up to 10 s old; it counts from its next packet on.
      const changed = before === undefined ? -Infinity : now;
      this.#heard.set(source, { timestamp, changed, level: audioLevel ?? 1, lit: before?.lit ?? -Infinity });
    }
    const speaking = new Map<number, number>();
    for (const [source, heard] of this.#heard) {
      const fresh = now - heard.changed <= levelTimes.fresh;
      if (fresh && heard.level >= levelLimits.speaking) heard.lit = now;
      if (now - heard.lit <= levelTimes.hold) speaking.set(source, heard.level);
    }
    return speaking;
  }

  /** Forgets everybody. */
  clear(): void {
    this.#heard.clear();
  }
}

/** Notices speech at a muted microphone. */
export class MutedSpeech {
  #since: number | null = null;
  #last = -Infinity;
  #noticed = false;

  /** Takes one reading at a time in ms. */
  read(level: number, now: number): boolean {
    if (level >= levelLimits.speakingWhileMuted) {
      this.#since ??= now;
      this.#last = now;
      if (now - this.#since >= levelTimes.mutedSpeech) this.#noticed = true;
    } else if (now - this.#last > levelTimes.hold) {
      this.#since = null;
      if (now - this.#last > levelTimes.mutedSilence) this.#noticed = false;
    }
    return this.#noticed;
  }

  /** Begins anew. */
  clear(): void {
    this.#since = null;
    this.#last = -Infinity;
    this.#noticed = false;
  }
}
