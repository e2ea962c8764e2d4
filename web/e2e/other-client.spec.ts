// A member whose client shares no code with the node or the page: written in Python, from docs/protocol.md.
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { outside } from "./keyboard";
import { StoaNode } from "./node";
import { Person } from "./people";
import { Program } from "./program";

test("a member with a client of their own is invited, speaks, hears, and believes signatures alone", async () => {
  const node = await StoaNode.start([], outside());
  const ana = await Person.arrive("Ana", { voice: "ana", raw: true });
  let leo: Program | undefined;
  try {
    await ana.found(node.ownerLink);
    const link = await ana.invite();
    await ana.startRoom("Other clients");
    leo = new Program("member", [link, "Léo", "Is this the stage?", resolve(import.meta.dirname, "../test-speech/mina.wav")]);
    await leo.says("joined");

    // Ana reads the question and invites; her command is believed for its signature.
    await expect(ana.page.getByText("Is this the stage?")).toBeVisible({ timeout: 20_000 });
    await ana.page.getByRole("button", { name: "Invite Léo to the stage" }).click();
    await leo.says("proven stage_offered");
    await leo.says("speaking");
    await expect(ana.tile("Léo")).toHaveAttribute("data-speaking", "true", { timeout: 10_000 });
    await ana.untilHears(10_000);
    await ana.unmute();
    const ear = leo;
    await expect.poll(() => ear.loudness, { timeout: 15_000 }).toBeGreaterThan(0.01);
    console.log(`loudest tenth of a second decoded: ${ear.loudness.toFixed(3)}`);

    // The same for what nobody likes to hear.
    await ana.onPerson("Léo", "Mute");
    await leo.says("proven muted");
    await expect(ana.tile("Léo")).toHaveAttribute("data-speaking", "false");

    // The program leaves, and finds itself a member by Ana's invite: two keys, checked without the node.
    await leo.end("left");
    await leo.says("chain of 2");
    await expect(ana.tile("Léo")).toHaveCount(0);
  } finally {
    leo?.kill();
    await ana.leave();
    await node.destroy();
  }
});
