import { expect, it } from "vitest";
import { topic } from "./topic";

it.each([
  ["Night Work", "night-work"],
  ["Économie circulaire", "economie-circulaire"],
  ["  --C++--  ", "c"],
  ["日本", ""],
  ["x".repeat(40), "x".repeat(32)],
  ["a-topic-that-is-cut-at-a-hyphen-x", "a-topic-that-is-cut-at-a-hyphen"],
])("%s becomes %s", (typed, sent) => {
  expect(topic(typed)).toBe(sent);
  if (sent !== "") expect(sent).toMatch(/^[a-z0-9-]{1,32}$/);
});
