import { expect, test } from "vitest";
import type { Room, Scheduled } from "../../sdk";
import { aSnapshot } from "../../sdk/sdktest";
import { topicsOf } from "./topics";

const on = (...topics: string[]): Room => ({ ...aSnapshot().room, topics });

test("one's own topics come first, those somebody talks about before the others; then the busiest", () => {
  const rooms = [on("jazz", "bread"), on("bread"), on("olives")];
  const plans = [{ topics: ["stars"] } as unknown as Scheduled];
  expect(topicsOf(rooms, plans, ["chess", "olives"]).map(({ name, rooms: n }) => `${name} ${n}`)).toEqual([
    "olives 1", "chess 0", "bread 2", "jazz 1", "stars 0",
  ]);
  expect(topicsOf(rooms, plans, ["chess"]).filter(({ followed }) => followed).map(({ name }) => name)).toEqual(["chess"]);
});

test("of a thousand topics twenty are shown, and all of one's own", () => {
  const rooms = Array.from({ length: 1000 }, (_, i) => on(`topic-${i}`));
  const own = Array.from({ length: 32 }, (_, i) => `own-${i}`);
  expect(topicsOf(rooms, [], own)).toHaveLength(52);
});
