import { expect, test } from "vitest";
import type { Room } from "../../sdk";
import { aSnapshot, leo, mia } from "../../sdk/sdktest";
import { findPeople, findRooms, folded } from "./search";

function room(title: string, about: Partial<Room> = {}): Room {
  return { ...aSnapshot().room, title, topics: [], speakers: [], creator: { key: mia, name: "Mia" }, ...about };
}

const titles = (rooms: readonly Room[]) => rooms.map(({ title }) => title);

test("names are compared without accents, capitals and width", () => {
  expect(folded(" Éloïse ")).toBe("eloise");
  expect(folded("ＡＮＡ")).toBe("ana");
  expect(folded("Ñandú")).toBe(folded("N\u0303andu\u0301".toLowerCase()));
});

test("rooms are found by title, topic, speaker and community, by the title first", () => {
  const all = [
    room("With Léo", { speakers: [{ key: leo, name: "Léo Martin" }], topics: ["olives"] }),
    room("Olives and lemons"),
    room("Something else", { community: { ...aSnapshot().room.community, name: "Le Hangar" } }),
  ];
  expect(titles(findRooms(all, "olive"))).toEqual(["Olives and lemons", "With Léo"]);
  expect(titles(findRooms(all, "#olives"))).toEqual(["Olives and lemons", "With Léo"]);
  expect(titles(findRooms(all, "MARTIN leo"))).toEqual(["With Léo"]);
  expect(titles(findRooms(all, "HANGAR"))).toEqual(["Something else"]);
  expect(titles(findRooms(all, "leo lemons"))).toEqual([]);
});

test("all words have to be there, in one text or in several; no words find nothing", () => {
  const all = [room("Bread", { speakers: [{ key: leo, name: "Léo" }] })];
  expect(titles(findRooms(all, "leo bread"))).toEqual(["Bread"]);
  expect(findRooms(all, "  # ")).toEqual([]);
  expect(findPeople([{ name: "Zoë" }, { name: "Ana" }], "zoe")).toEqual([{ name: "Zoë" }]);
});
