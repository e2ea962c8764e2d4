import { expect, test } from "vitest";
import { ana, aSnapshot, leo, mia } from "../../sdk/sdktest";
import type { Room } from "../../sdk";
import { sections } from "./sections";

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
