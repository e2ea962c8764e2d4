import { describe, expect, test } from "vitest";
import { MutedSpeech, SpeakerLevels } from "./levels";

const loud = 0.1;
const quiet = 0.001;

/** Reads every 100 ms what `at` reports for one source. */
function read(levels: SpeakerLevels, from: number, to: number, at: (now: number) => { timestamp: number; audioLevel?: number }) {
  let last = new Map<number, number>();
  for (let now = from; now <= to; now += 100) last = levels.read([{ source: 7, ...at(now) }], now);
  return last;
}

describe("speakers", () => {
  test("speech lights a ring", () => {
    const speaking = read(new SpeakerLevels(), 0, 300, (now) => ({ timestamp: now, audioLevel: loud }));
    expect(speaking).toEqual(new Map([[7, loud]]));
  });

  test("noise does not", () => {
    expect(read(new SpeakerLevels(), 0, 1000, (now) => ({ timestamp: now, audioLevel: quiet })).size).toBe(0);
  });

  test("packets without a level count as speech", () => {
    expect(read(new SpeakerLevels(), 0, 300, (now) => ({ timestamp: now })).has(7)).toBe(true);
  });

  test("what a browser remembers of earlier packets is not speech", () => {
    const levels = new SpeakerLevels();
    for (let now = 0; now <= 1000; now += 100) {
      expect(read(levels, now, now, () => ({ timestamp: -5_000, audioLevel: loud })).size).toBe(0);
    }
  });

  test("a ring stays lit between words, and goes out after the last", () => {
    const levels = new SpeakerLevels();
    read(levels, 0, 500, (now) => ({ timestamp: now, audioLevel: loud }));
    const ended = () => ({ timestamp: 500, audioLevel: loud });
    expect(read(levels, 600, 800, ended).has(7)).toBe(true);
    expect(read(levels, 900, 1100, ended).has(7)).toBe(false);
  });

  test("the origin of timestamps does not matter", () => {
    const epoch = 1_790_000_000_000;
    const speaking = read(new SpeakerLevels(), 0, 300, (now) => ({ timestamp: epoch + now, audioLevel: loud }));
    expect(speaking.has(7)).toBe(true);
  });
});

describe("speech while muted", () => {
  function noticed(muted: MutedSpeech, from: number, to: number, level: number): boolean {
    let last = false;
    for (let now = from; now <= to; now += 100) last = muted.read(level, now);
    return last;
  }

  test("is noticed after a moment, and forgotten after silence", () => {
    const muted = new MutedSpeech();
    expect(noticed(muted, 0, 300, loud)).toBe(false);
    expect(noticed(muted, 400, 500, loud)).toBe(true);
    expect(noticed(muted, 600, 2500, quiet)).toBe(true);
    expect(noticed(muted, 2600, 2600, quiet)).toBe(false);
  });

  test("a cough is not speech", () => {
    const muted = new MutedSpeech();
    noticed(muted, 0, 200, loud);
    expect(noticed(muted, 300, 900, quiet)).toBe(false);
    expect(noticed(muted, 1000, 1200, loud)).toBe(false);
  });
});
