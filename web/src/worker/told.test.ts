import { expect, it } from "vitest";
import { told } from "./told";

const room = "A".repeat(43);
const message = { kind: "topic", room, title: "Songs from ports", by: "Ana", topic: "songs", community: "Café", language: "en" };
const now = Date.UTC(2027, 1, 2, 12);

it("says in the member's language why, and leads to the room", () => {
  expect(told(JSON.stringify(message), now)).toEqual({
    title: "Songs from ports",
    body: "A room on songs is open · Café",
    path: `/r/${room}`,
    tag: room,
    language: "en",
  });
  const french = (more: object) => told(JSON.stringify({ ...message, ...more, language: "fr" }), now).body;
  expect(french({})).toBe("Un salon sur songs est ouvert · Café");
  expect(french({ kind: "person", community: undefined })).toBe("Ana est sur scène");
  expect(french({ kind: "community", by: undefined, community: undefined })).toBe("Quelqu’un a ouvert un salon");
  expect(french({ kind: "reminder", start: now + 600_000 })).toMatch(/^Commence à \d\d:\d\d · Café$/);
  expect(french({ kind: "reminder", start: now - 1 })).toBe("C’est commencé · Café");
});

it.each(["", "{", "[]", "null", "7", "{}", '{"kind":"sale","room":"x"}', JSON.stringify({ ...message, room: "../../evil" })])(
  "says of %j only that something waits, and leads nowhere else",
  (text) => {
    expect(told(text, now)).toMatchObject({ title: "Stoa", path: "/notices", body: "Something is waiting for you here." });
  },
);
