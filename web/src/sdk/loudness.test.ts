import { expect, test } from "vitest";
import { gainOf } from "./loudness";

const gains = new Map([[7, 0], [8, 0.4]]);

test.each([
  ["nobody", [], 1],
  ["somebody as they are", [{ source: 6, timestamp: 10 }], 1],
  ["somebody blocked", [{ source: 7, timestamp: 10 }], 0],
  ["the one who spoke last, told first", [{ source: 7, timestamp: 20 }, { source: 8, timestamp: 10 }], 0],
  ["the one who spoke last, told last", [{ source: 7, timestamp: 10 }, { source: 8, timestamp: 20 }], 0.4],
  ["somebody as they are after somebody blocked", [{ source: 7, timestamp: 10 }, { source: 6, timestamp: 20 }], 1],
] as const)("a slot plays as %s", (_, sources, gain) => expect(gainOf(sources, gains)).toBe(gain));
