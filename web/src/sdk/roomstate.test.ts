import { describe, expect, test } from "vitest";
import { ana, aSnapshot, event, leo, mia, noor, onStage, person } from "./sdktest";
import {
  amMuted,
  findPerson,
  me,
  moderators,
  myHand,
  myHandPosition,
  myOffer,
  myRole,
  personByCsrc,
  reduce,
  roleOf,
  type RoomState,
} from "./roomstate";
import type { RoomDelta, RoomEvent } from "./types";

/** The state after a snapshot, seen by Léo, and these events. */
function after(...deltas: RoomDelta[]): RoomState {
  return [aSnapshot(), ...deltas].reduce<RoomState | null>(reduce, null) as RoomState;
}

const stage = (state: RoomState) => state.stage.map(({ key }) => key);
const hands = (state: RoomState) => state.hands.map(({ key }) => key);

describe("reduce", () => {
  test("a snapshot replaces everything", () => {
    const other = { ...aSnapshot(), run: "run-2", n: 1, stage: [], hands: [] };
    const state = reduce(after(event(11, { type: "hand_raised", hand: { ...person(leo), at: 5 } })), other);
    expect(state).toMatchObject({ run: "run-2", n: 1, stage: [], hands: [], ended: null });
  });

  test("any other event needs a state", () => {
    expect(() => reduce(null, event(1, { type: "unmuted", key: ana }))).toThrow();
  });

  test("the last event's number and time are kept", () => {
    expect(after(event(11, { type: "unmuted", key: ana }))).toMatchObject({ n: 11, at: 11_000, run: "run-1" });
  });

  test("nothing that was given is changed", () => {
    const before = after();
    const copy = structuredClone(before);
    reduce(before, event(11, { type: "muted", key: ana }));
    reduce(before, event(11, { type: "removed", key: ana, by: leo }));
    expect(before).toEqual(copy);
  });

  test("hand_raised adds to the end of the queue, once", () => {
    const raised = event(11, { type: "hand_raised", hand: { ...person(leo), at: 5 } });
    const state = after(raised, { ...raised, n: 12 });
    expect(hands(state)).toEqual([mia, leo]);
    expect([myHandPosition(state), myHand(state)?.at]).toEqual([2, 5]);
  });

  test("hand_lowered takes the hand away, and the others move up", () => {
    const raised = event(11, { type: "hand_raised", hand: { ...person(leo), at: 5 } });
    const state = after(raised, event(12, { type: "hand_lowered", key: mia, by: ana }));
    expect([hands(state), myHandPosition(state)]).toEqual([[leo], 1]);
  });

  test("stage_offered and offer_ended", () => {
    const offered = event(11, { type: "stage_offered", offer: { key: leo, by: ana, expires: 99 } });
    expect(myOffer(after(offered))).toEqual({ key: leo, by: ana, expires: 99 });
    for (const why of ["accepted", "declined", "expired", "withdrawn"] as const) {
      expect(myOffer(after(offered, event(12, { type: "offer_ended", key: leo, why })))).toBeNull();
    }
  });

  test("stage_joined puts somebody on the stage, and nowhere else", () => {
    const joined = event(11, { type: "stage_joined", person: onStage(mia, "speaker") });
    const state = after(joined);
    expect([stage(state), hands(state)]).toEqual([[ana, mia], []]);
    expect(state.audience).toEqual({ count: 2, guests: 0, people: [person(leo)] });
    expect(stage(reduce(state, { ...joined, n: 12 }))).toEqual([ana, mia]);
    expect(state.room).toMatchObject({ stage: 2, listening: 2, speakers: [{ key: ana }, { key: mia }] });
  });

  test("stage_left takes somebody off the stage, for every reason", () => {
    for (const why of ["stepped_down", "moved", "left", "lost", "removed"] as const) {
      const state = after(event(11, { type: "stage_left", key: ana, why }));
      expect([stage(state), state.room.stage]).toEqual([[], 0]);
    }
  });

  test("muted and unmuted change one microphone", () => {
    const two = event(11, { type: "stage_joined", person: onStage(leo, "speaker") });
    const unmuted = after(two, event(12, { type: "unmuted", key: leo }));
    expect([amMuted(unmuted), unmuted.stage[0]?.muted]).toEqual([false, false]);
    const muted = reduce(unmuted, event(13, { type: "muted", key: leo, by: ana }));
    expect([amMuted(muted), muted.stage[0]?.muted]).toEqual([true, false]);
  });

  test("role_changed", () => {
    const state = after(event(11, { type: "role_changed", key: ana, role: "speaker" }));
    expect([roleOf(state, ana), moderators(state)]).toEqual(["speaker", []]);
  });

  test("connection lost also means not heard, and comes back muted", () => {
    const lost = after(event(11, { type: "connection", key: ana, connected: false }));
    expect(lost.stage[0]).toMatchObject({ connected: false, muted: true });
    const back = reduce(lost, event(12, { type: "connection", key: ana, connected: true }));
    expect(back.stage[0]).toMatchObject({ connected: true, muted: true });
  });

  test("removed leaves no trace of somebody", () => {
    const offered = event(11, { type: "stage_offered", offer: { key: mia, by: ana, expires: 99 } });
    const state = after(offered, event(12, { type: "removed", key: mia, by: ana }));
    expect([findPerson(state, mia), state.offers, state.hands]).toEqual([null, [], []]);
    expect(state.audience.count).toBe(2);
  });

  test("audience", () => {
    const audience = { count: 241, guests: 12, people: [person(noor)] };
    const state = after(event(11, { type: "audience", audience }));
    expect([state.audience, state.room.listening]).toEqual([audience, 253]);
  });

  test("others may enter now", () => {
    const state = after(event(11, { type: "entry_changed", entry: "public", by: ana }));
    expect(state.chosen).toBe(10);
    expect(after(event(11, { type: "chosen_changed" })).chosen).toBe(11);
    expect(state.room.entry).toBe("public");
  });

  test("ended", () => {
    const state = after(event(11, { type: "ended", why: "moderator", by: ana }));
    expect([state.ended?.why, state.ended?.by, state.room.ended]).toEqual(["moderator", ana, true]);
  });

  test("an event of a later version counts, and changes nothing else", () => {
    const reaction = { type: "reaction", n: 11, at: 11_000 } as unknown as RoomEvent;
    expect(reduce(after(), reaction)).toEqual({ ...after(), n: 11, at: 11_000 });
  });
});

describe("selectors", () => {
  test("of a listener without a hand", () => {
    const state = after();
    expect([me(state), myRole(state), amMuted(state), myHandPosition(state), myOffer(state)]).toEqual(
      [null, "listener", true, null, null],
    );
  });

  test("of a speaker", () => {
    const state = after(event(11, { type: "stage_joined", person: { ...onStage(leo, "speaker"), muted: false } }));
    expect([me(state)?.key, myRole(state), amMuted(state)]).toEqual([leo, "speaker", false]);
  });

  test("people are found by key and by number, wherever they are", () => {
    const state = after();
    expect([ana, mia, leo].map((key) => findPerson(state, key)?.key)).toEqual([ana, mia, leo]);
    expect(personByCsrc(state, person(mia).csrc)?.key).toBe(mia);
    expect([findPerson(state, noor), personByCsrc(state, 999)]).toEqual([null, null]);
  });
});
