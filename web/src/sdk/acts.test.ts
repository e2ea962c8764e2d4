import { beforeEach, describe, expect, test } from "vitest";
import { Acts, type ActPlace, type Standing } from "./acts";
import { Cell } from "./emitter";
import { ProblemError } from "./errors";
import { anEntry, aRoom, mia } from "./sdktest";
import type { Action } from "./types";

const problem = (code: string) => new ProblemError({ code, status: 409, title: code });

let standing: Cell<Standing | null>;
let posted: [Action["type"], ActPlace | null | undefined][];
let answer: () => Promise<void>;
let acts: Acts;

beforeEach(() => {
  standing = new Cell<Standing | null>({ nonce: anEntry().nonce, abroad: true });
  posted = [];
  answer = () => Promise.resolve();
  const act = (_room: string, { type }: Action, place?: ActPlace | null) => {
    posted.push([type, place]);
    return answer();
  };
  acts = new Acts({ act }, aRoom, standing);
});

const numbers = () => posted.map(([, place]) => place?.n);

describe("under an entry", () => {
  test("a refusal is told, and the next action goes on with the next number", async () => {
    answer = () => Promise.reject(problem("room-role"));
    await expect(acts.do({ type: "end" })).rejects.toMatchObject({ code: "room-role" });
    answer = () => Promise.resolve();
    await acts.do({ type: "raise_hand" });
    expect(numbers()).toEqual([1, 2]);
  });

  test("an action that met the move to another host is done there", async () => {
    answer = () => {
      if (posted.length > 1) return Promise.resolve();
      standing.set({ nonce: anEntry(2, mia).nonce, abroad: true });
      return Promise.reject(problem("act-replayed"));
    };
    await acts.do({ type: "raise_hand" });
    expect(posted).toEqual([
      ["raise_hand", { nonce: anEntry().nonce, n: 1 }],
      ["raise_hand", { nonce: anEntry(2).nonce, n: 1 }],
    ]);
  });

  test("or at this node, if it is the new host", async () => {
    answer = () => {
      if (posted.length > 1) return Promise.resolve();
      standing.set(null);
      return Promise.reject(problem("act-replayed"));
    };
    await acts.do({ type: "raise_hand" });
    expect(posted.at(-1)).toEqual(["raise_hand", undefined]);
  });

  test("replayed without a move is a refusal, and not repeated", async () => {
    answer = () => Promise.reject(problem("act-replayed"));
    await expect(acts.do({ type: "raise_hand" })).rejects.toMatchObject({ code: "act-replayed" });
    expect(numbers()).toEqual([1]);
  });
});

describe("where this node hosts the room", () => {
  beforeEach(() => standing.set({ nonce: "nonce-of-this-node", abroad: false }));

  test("moderators' commands are signed, and nothing else", async () => {
    await acts.do({ type: "raise_hand" });
    await acts.do({ type: "mute", target: mia });
    await acts.do({ type: "mute_self" });
    await acts.do({ type: "lock_stage", switch: "on" });
    await acts.do({ type: "remove", target: mia, reason: "spam" });
    expect(posted.map(([type, place]) => [type, place?.n])).toEqual([
      ["raise_hand", undefined], ["mute", 1], ["mute_self", undefined], ["lock_stage", 2], ["remove", 3],
    ]);
    expect(posted[1]?.[1]?.nonce).toBe("nonce-of-this-node");
  });

  test("a snapshot with another nonce begins anew, with a command that the break had swallowed", async () => {
    answer = () => {
      if (posted.length > 1) return Promise.resolve();
      standing.set({ nonce: "nonce-after-a-reload", abroad: false });
      return Promise.reject(problem("act-replayed"));
    };
    await acts.do({ type: "end" });
    expect(posted.at(-1)).toEqual(["end", { nonce: "nonce-after-a-reload", n: 1 }]);
  });
});

test("without an entry nothing is signed and nothing waits", () => {
  standing.set(null);
  answer = () => new Promise(() => undefined);
  void acts.do({ type: "raise_hand" });
  void acts.do({ type: "lower_hand" });
  expect(posted).toEqual([["raise_hand", undefined], ["lower_hand", undefined]]);
});
