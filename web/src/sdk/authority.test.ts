import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Authority } from "./authority";
import type { Id, Order, RoomEvent } from "./types";

interface Examples {
  events: { name: string; room: Id; events: RoomEvent[]; verdicts: string[] }[];
  logs: { name: string; room: Id; events: RoomEvent[]; create: string; orders: Order[]; verdicts: string[] }[];
}

const path = new URL("../../../api/testdata/authority.json", import.meta.url);
const examples = JSON.parse(readFileSync(path, "utf8")) as Examples;

describe("events, as the node's own client judges them", () => {
  test.each(examples.events)("$name", async ({ room, events, verdicts }) => {
    const authority = new Authority(room);
    const judged: string[] = [];
    for (const event of events) judged.push((await authority.take(event)) ?? "");
    expect(judged).toEqual(verdicts);
  });
});

describe("logs, as the node's own client judges them", () => {
  test.each(examples.logs)("$name", async ({ room, events, create, orders, verdicts }) => {
    const authority = new Authority(room);
    for (const event of events) await authority.take(event);
    expect(await authority.replay(create, orders)).toEqual(verdicts);
  });
});
