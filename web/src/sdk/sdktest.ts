/** People, rooms and events for the tests of this folder. */
import type { Community, Person, RoomDelta, Snapshot, StagePerson } from "./types";

export const ana = "did:key:z6MkAna";
export const leo = "did:key:z6MkLeo";
export const mia = "did:key:z6MkMia";
export const noor = "did:key:z6MkNoor";

/** The id of the room of {@link aSnapshot}. */
export const aRoom = "A".repeat(43);

export const aCommunity: Community = {
  id: ana,
  name: "Café",
  entry: "invite",
  members: 4,
  rules: {
    aud: ana,
    iat: 1_790_000_000,
    order: 1,
    name: "A".repeat(43),
    entry: "invite",
    admit_slots: 2,
    period_slots: 3,
    period: 604_800,
    invite_life: 1_209_600,
    host_people: 3,
    host_time: 600,
    speak_time: 600,
    probation: 6_048_000,
  },
};

export function person(key: string): Person {
  const name = key.slice("did:key:z6Mk".length);
  return { key, name, csrc: 1 + [ana, leo, mia, noor].indexOf(key) };
}

export function onStage(key: string, role: StagePerson["role"]): StagePerson {
  return { ...person(key), role, muted: true, connected: true };
}

/** Ana moderates and is heard, Léo (who looks) and Mia listen among three, Mia with a raised hand. */
export function aSnapshot(): Snapshot {
  return {
    type: "snapshot",
    n: 10,
    at: 10_000,
    run: "run-1",
    you: leo,
    room: {
      id: aRoom,
      title: "Bread",
      topics: ["baking"],
      language: "en",
      entry: "members",
      community: aCommunity,
      host: noor,
      creator: { key: ana, name: "Ana" },
      created: 1_000,
      speakers: [{ key: ana, name: "Ana" }],
      stage: 1,
      listening: 3,
      ended: false,
    },
    stage: [{ ...onStage(ana, "moderator"), muted: false }],
    hands: [{ ...person(mia), at: 1, question: "Rye?" }],
    offers: [],
    audience: { count: 3, people: [person(leo), person(mia)] },
  };
}

type WithoutHead<T> = T extends unknown ? Omit<T, "n" | "at"> : never;

/** The nth event. */
export function event<T extends WithoutHead<RoomDelta>>(n: number, what: T): T & { n: number; at: number } {
  return { ...what, n, at: n * 1000 };
}
