// Three nodes, each with its own community: a room of one is entered from the pages of the others, and outlives its node.
import { expect, test } from "@playwright/test";
import { arriveAt, Lab } from "./lab";

test("a room is shared by three nodes and outlives its host", async () => {
  const lab = await Lab.start(3);
  const [a, b, c] = [lab.node(0), lab.node(1), lab.node(2)];
  await a.start();
  await b.start("--peer", a.multiaddr);
  await c.start("--peer", a.multiaddr, "--peer", b.multiaddr);
  await lab.resetFlows(0);
  const ana = await arriveAt(a.members, a, "Ana", { voice: "ana" });
  const leo = await arriveAt(b.members, b, "Léo", { voice: "leo" });
  const mina = await arriveAt(c.members, c, "Mina");
  try {
    await ana.found(a.ownerLink, "The Porch");
    await leo.found(b.ownerLink, "Le Square");
    await mina.found(c.ownerLink, "Agora");
    await ana.startRoom("Olives and figs");
    await ana.unmute();

    // Léo sees the room of another community, with its name and why it is there, and hears it by way of his own node.
    await leo.page.goto(`${b.url}/`);
    const others = leo.page.getByRole("region", { name: "Other communities" });
    await expect(others.getByRole("link", { name: /Olives and figs/ })).toBeVisible();
    await expect(others).toContainText("The Porch");
    await leo.goToRoom("Olives and figs");
    await leo.enter("listening");
    await leo.untilHears();
    await mina.page.goto(`${c.url}/`);
    await mina.goToRoom("Olives and figs");
    await mina.enter("listening");
    await mina.untilHears();

    // He raises his hand, Ana of the other node invites him, and he is heard at her node and at the third.
    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await ana.page.getByRole("region", { name: "Hands" }).getByRole("button", { name: "Invite Léo to the stage" }).click();
    await leo.page.getByRole("button", { name: "Join the stage" }).click();
    await ana.page.getByRole("button", { name: "Mute", exact: true }).click();
    await leo.unmute();
    await ana.untilHears();
    await mina.untilHears();
    const own = (await leo.csrcs()).get("Léo");
    expect(own).toBeDefined();
    expect(await leo.everHeard(own ?? 0)).toBe(false); // nobody hears themselves, not even by way of another node

    // Ana mutes him, across nodes.
    await ana.onPerson("Léo", "Mute");
    await expect(leo.page.getByRole("button", { name: "Unmute" })).toBeVisible();
    await expect.poll(async () => (await mina.hears()).levels).toEqual({});
    await leo.unmute();
    await mina.untilHears();

    // Her node has seen theirs, and nobody behind them.
    const seen = new Set((await lab.flows(0)).flatMap((flow) => [flow.from, flow.to]));
    expect(seen).toContain(b.address);
    expect(seen).not.toContain(b.members.address);
    expect(seen).not.toContain(c.members.address);

    // Her node is killed. The others are told, and go on.
    await new Promise((done) => setTimeout(done, 3_000)); // until the others follow her log and are in line
    await a.end("SIGKILL");
    const killed = Date.now();
    await expect(leo.page.getByText("Moving to a backup node…").first()).toBeVisible();
    await expect(leo.page.getByText("Moving to a backup node…")).toHaveCount(0, { timeout: 15_000 });
    await expect(leo.page.getByRole("region", { name: "Stage" })).toContainText("Léo");
    await leo.unmute();
    await mina.untilHears(10_000);
    const took = Date.now() - killed;
    console.log(`heard again ${took} ms after the host was killed`);
    expect(took).toBeLessThan(10_000);

    // She is back when her node is, in the room that is elsewhere now.
    await a.start();
    await expect(ana.page.getByText("Reconnecting…")).toHaveCount(0, { timeout: 30_000 });
    await expect(ana.page.getByRole("region", { name: "Stage" })).toContainText("Léo");
    await ana.untilHears(10_000);
  } finally {
    await mina.leave();
    await leo.leave();
    await ana.leave();
    await lab.destroy();
  }
});
