import { expect, test } from "vitest";
import { placesOf, windowOf, type Sight } from "./crowd-window";

const before: Sight = { columns: 4, from: 0, to: 12 };
const phone = { width: 358, row: 132, screen: 844 };

test("on a phone four stand in a row, and of ten thousand some forty are in the page, wherever one is", () => {
  for (const top of [600, 0, -5_000, -100_000, -329_000]) {
    const { columns, from, to } = windowOf({ ...phone, top, count: 10_000 }, before);
    expect(columns).toBe(4);
    expect(to - from).toBeLessThanOrEqual(48);
    const firstSeen = Math.max(0, Math.floor(-top / 132)) * 4;
    expect(from).toBeLessThanOrEqual(firstSeen);
    expect(to).toBeGreaterThanOrEqual(Math.min(10_000, Math.ceil((844 - top) / 132) * 4));
  }
});

test("a wide screen has more columns; the same sight stays the same", () => {
  const wide = windowOf({ top: 300, width: 832, row: 132, screen: 800, count: 50 }, before);
  expect(wide).toEqual({ columns: 9, from: 0, to: 54 });
  expect(windowOf({ top: 301, width: 832, row: 132, screen: 800, count: 50 }, wide)).toBe(wide);
});

test("who comes into a row that is there already is in sight at once", () => {
  const one = windowOf({ ...phone, top: 500, count: 1 }, before);
  expect(placesOf(one, 0, 3)).toEqual([0, 1, 2]);
});

test("a list that is out of sight, or not drawn yet, is no fault", () => {
  expect(windowOf({ ...phone, top: 3_000, count: 100 }, before)).toEqual({ columns: 4, from: 0, to: 0 });
  expect(windowOf({ ...phone, row: 0, top: 0, count: 0 }, before)).toBe(before);
});

test("the one that Tab comes to is always in the page, in its place", () => {
  const sight: Sight = { columns: 4, from: 100, to: 104 };
  expect(placesOf(sight, 2, 1_000)).toEqual([2, 100, 101, 102, 103]);
  expect(placesOf(sight, 101, 1_000)).toEqual([100, 101, 102, 103]);
  expect(placesOf(sight, 999, 1_000)).toEqual([100, 101, 102, 103, 999]);
  expect(placesOf(sight, 999, 102)).toEqual([100, 101]);
  expect(placesOf({ columns: 4, from: 0, to: 0 }, 0, 0)).toEqual([]);
});
