import { expect, test } from "vitest";
import { ana, aSnapshot, leo, mia } from "../../sdk/sdktest";
import type { Room } from "../../sdk";
import { communitiesOf, inOrder, isWanted, sections, whereabouts } from "./sections";

function room(title: string, why: Room["why"], community = ana): Room {
  const { room } = aSnapshot();
  return { ...room, title, why, community: { ...room.community, id: community } };
}

const all = [
  room("here", "here"),
  room("topic", "topic", leo),
  room("beside", "community"),
  room("general", "general", mia),
];
const titles = (rooms: readonly Room[]) => rooms.map(({ title }) => title);

test("this community's rooms stand apart from the others', each in the node's order", () => {
  expect(sections(all, []).map(titles)).toEqual([["here", "beside"], ["topic", "general"]]);
});

test("a hidden community's rooms are left out, one's own never are", () => {
  const hidden = [{ id: leo, name: "Café du Port" }, { id: ana, name: "Le Portique" }];
  expect(sections(all, hidden).map(titles)).toEqual([["here", "beside"], ["general"]]);
});

test("rooms with people or topics that one follows come first, those in other languages last", () => {
  const jazz = { ...room("jazz", "general"), topics: ["jazz"], language: "fr", speakers: [], creator: { key: mia, name: "Mia" } };
  const leos = { ...room("Léo's", "general"), topics: [], language: "fr", speakers: [{ key: leo, name: "Léo" }], creator: { key: mia, name: "Mia" } };
  const plain = { ...leos, title: "plain", speakers: [] };
  const german = { ...leos, title: "german", language: "de", speakers: [] };
  const wishes = { people: new Set([leo]), topics: ["jazz"], languages: ["fr"] };
  expect(titles([jazz, leos, plain, german].filter((r) => isWanted(r, wishes)))).toEqual(["jazz", "Léo's"]);
  expect(titles(inOrder([german, plain, leos, jazz], wishes))).toEqual(["Léo's", "jazz", "plain", "german"]);
  const none = { people: new Set<string>(), topics: [], languages: [] };
  expect(titles(inOrder([german, plain, leos, jazz], none))).toEqual(["german", "plain", "Léo's", "jazz"]);
});

test("communities are listed with their rooms, one's own first", () => {
  const list = communitiesOf([room("a", "general", leo), room("b", "here"), room("c", "topic", leo), room("d", "general", mia)]);
  expect(list.map(({ id, rooms }) => [id, rooms])).toEqual([[ana, 1], [leo, 2], [mia, 1]]);
});

test("those who speak in a room stand first, with the room", () => {
  const talk = { ...room("talk", "here"), speakers: [{ key: mia, name: "Mia" }] };
  const people = [{ key: leo, name: "Léo" }, { key: mia, name: "Mia" }, { key: ana, name: "Ana" }];
  expect(whereabouts(people, [talk]).map(({ name, room: r }) => [name, r?.title ?? null])).toEqual([["Mia", "talk"], ["Ana", null], ["Léo", null]]);
});
