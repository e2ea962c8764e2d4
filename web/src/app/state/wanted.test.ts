import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Id } from "../../sdk";
import { forgetWanted, want, wanted } from "./wanted";

const room = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" as Id;
let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the room that somebody wanted into is known until it is forgotten", () => {
  want(room);
  expect(wanted()).toBe(room);
  forgetWanted();
  expect(wanted()).toBeNull();
});

test("a room wanted long ago is not led to", () => {
  want(room);
  vi.advanceTimersByTime(25 * 3_600_000);
  expect(wanted()).toBeNull();
});

test.each(["", "{", "[]", "null", '{"room":"x","at":0}', '{"room":7}'])("what is not ours (%j) leads nowhere", (text) => {
  stored.set("stoa.wanted", text);
  expect(wanted()).toBeNull();
});
