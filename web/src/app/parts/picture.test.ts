import { expect, it } from "vitest";
import { initials } from "./initials";
import { loudness } from "./loudness";

it.each([
  ["Ana Sousa", "AS"],
  ["léo", "L"],
  ["Bartholomew Maximilian von Hohenfels", "BH"],
  ["👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦F"],
  ["  Zoë  ", "Z"],
  ["", ""],
])("the initials of %s are %s", (name, letters) => {
  expect(initials(name)).toBe(letters);
});

it("draws speech in the upper half and silence as nothing", () => {
  expect(loudness(0)).toBe(0);
  expect(loudness(0.0005)).toBe(0);
  expect(loudness(0.1)).toBeGreaterThan(0.5);
  expect(loudness(1)).toBe(1);
});
