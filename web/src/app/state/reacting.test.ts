import { expect, test, vi } from "vitest";
import type { Reactions } from "../../sdk";
import { Emitter } from "../../sdk/emitter";
import { ana, leo } from "../../sdk/sdktest";
import { apart, watchReactions } from "./reacting";

const event = (counts: Reactions["counts"], stage: Reactions["stage"] = []): Reactions => ({ type: "reactions", n: 0, at: 0, counts, stage });

test("what somebody on the stage shows is theirs, and not in the murmur as well", () => {
  const { people, others } = apart(event(
    [{ reaction: "heart", count: 5 }, { reaction: "laugh", count: 1 }],
    [{ key: ana, reaction: "heart" }, { key: leo, reaction: "heart" }, { key: leo, reaction: "laugh" }],
  ));
  expect([...people]).toEqual([[ana, "heart"], [leo, "laugh"]]);
  expect(others).toEqual([{ reaction: "heart", count: 3 }]);
});

test("each is shown for three seconds, a newer one of the same person begins anew", () => {
  vi.useFakeTimers();
  try {
    const events = new Emitter<Reactions>();
    const { now, stop } = watchReactions(events);
    events.emit(event([{ reaction: "heart", count: 1 }], [{ key: ana, reaction: "heart" }]));
    vi.advanceTimersByTime(2_000);
    events.emit(event([{ reaction: "laugh", count: 2 }], [{ key: ana, reaction: "laugh" }]));
    vi.advanceTimersByTime(1_500);
    expect(now.value.people.get(ana)?.reaction).toBe("laugh");
    expect(now.value.murmur.map(({ reaction, count }) => [reaction, count])).toEqual([["laugh", 1]]);
    vi.advanceTimersByTime(1_500);
    expect(now.value.people.size).toBe(0);
    expect(now.value.murmur).toEqual([]);
    stop();
  } finally {
    vi.useRealTimers();
  }
});
