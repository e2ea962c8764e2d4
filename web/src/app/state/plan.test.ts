import { describe, expect, test } from "vitest";
import type { Scheduled } from "../../sdk";
import { fits } from "../../sdk/statement/schedule";
import { draftOf, evening, faultsOf, timeOf, type Draft } from "./plan";

const songs: Draft = {
  ...{ date: "2027-03-02", time: "19:30", zone: "America/New_York", duration: 5400 },
  ...{ step: "weekly/2", days: ["th", "mo"], end: "dates", until: "", dates: "12" },
};

describe("a plan as it is filled in", () => {
  test("holds the day of the first date, and its days in order", () => {
    expect(timeOf(songs)).toEqual({
      ...{ start: "2027-03-02T19:30", zone: "America/New_York", duration: 5400 },
      repeat: { every: "weekly", interval: 2, days: ["mo", "tu", "th"], dates: 12 },
    });
    // The first date moves to a day that was chosen besides: it is there once.
    const moved = timeOf({ ...songs, date: "2027-03-04" });
    expect(moved.repeat?.days).toEqual(["mo", "th"]);
    expect(fits(moved.repeat ?? { every: "daily", interval: 1 }, moved.start)).toBe(true);
  });

  test("says nothing that does not belong to it", () => {
    expect(timeOf({ ...songs, step: "never" }).repeat).toBeNull();
    expect(timeOf({ ...songs, step: "monthly/1", end: "until", until: "2027-09-02" }).repeat).toEqual({
      ...{ every: "monthly", interval: 1, until: "2027-09-02" },
    });
    expect(timeOf({ ...songs, step: "daily/1", end: "never", until: "2027-09-02" }).repeat).toEqual({ every: "daily", interval: 1 });
  });

  test("comes back from what is planned as it was, whatever steps another client took", () => {
    for (const draft of [
      songs,
      { ...songs, days: [], step: "weekly/7", end: "until", until: "2028-01-01", dates: "" },
      { ...songs, days: [], step: "daily/99", end: "never", dates: "" },
      { ...songs, days: [], step: "never", end: "never", dates: "" },
    ] satisfies Draft[]) {
      const { repeat, ...time } = timeOf(draft);
      const again = draftOf({ ...time, ...(repeat !== null && { repeat }) } as unknown as Scheduled);
      expect(timeOf(again)).toEqual({ ...time, repeat });
      expect(again.step).toBe(draft.step);
    }
  });

  test("the evening after now is without fault", () => {
    expect(faultsOf(evening(Date.UTC(2027, 11, 31, 12)))).toEqual([]);
  });

  test.each([
    [{ date: "" }, ["date"]],
    [{ date: "2027-02-30" }, ["date"]],
    [{ time: "" }, ["time"]],
    [{ date: "", time: "25:00" }, ["date", "time"]],
    [{ dates: "" }, ["dates"]],
    [{ dates: "0" }, ["dates"]],
    [{ dates: "1001" }, ["dates"]],
    [{ dates: "1.5" }, ["dates"]],
    [{ dates: "many" }, ["dates"]],
    [{ dates: " 1000 " }, []],
    [{ end: "until", until: "" }, ["until"]],
    [{ end: "until", until: "2027-03-01" }, ["until"]],
    [{ end: "until", until: "2027-03-02" }, []],
    [{ step: "never", dates: "many", end: "until", until: "" }, []],
  ] satisfies [Partial<Draft>, string[]][])("%o: %o", (change, faults) => {
    expect(faultsOf({ ...songs, ...change })).toEqual(faults);
  });
});
