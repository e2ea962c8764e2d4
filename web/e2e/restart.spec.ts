// kill -9 in the middle of a talk: everybody is back by themselves.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("a killed node comes back with its room, and so do the people in it", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const leo = await Person.arrive("Léo", { voice: "leo" });
  try {
    await ana.found(node.ownerLink);
    const link = await ana.invite();
    await ana.startRoom("Before the storm");
    await leo.join(link);
    await leo.goToRoom("Before the storm");
    await leo.enter("listening");
    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await ana.page.getByRole("button", { name: "Invite Léo to the stage" }).click();
    await leo.page.getByRole("button", { name: "Join the stage" }).click();
    await leo.unmute();
    await ana.unmute();
    await ana.untilHears();
    await leo.untilHears();

    await node.end("SIGKILL");
    await expect(leo.page.getByText("Reconnecting…").first()).toBeVisible();
    const killed = Date.now();
    await node.run();
    console.log(`up again after ${Date.now() - killed} ms`);

    // Both are on the stage as before, Ana a moderator, both muted: nobody is on air who did not ask for it.
    for (const person of [ana, leo]) {
      await expect(person.page.getByText("Reconnecting…")).toHaveCount(0, { timeout: 30_000 });
      await expect(person.page.getByRole("button", { name: "Unmute", exact: true })).toBeVisible();
      await expect(person.page.getByRole("region", { name: "Stage" })).toContainText("Ana");
      await expect(person.page.getByRole("region", { name: "Stage" })).toContainText("Léo");
    }
    await expect(ana.page.getByRole("region", { name: "Hands" })).toBeVisible();
    await expect(leo.page.getByRole("region", { name: "Hands" })).toHaveCount(0);

    // And they can talk on.
    await ana.unmute();
    await leo.untilHears(10_000);
    await leo.unmute();
    await ana.untilHears(10_000);

    // The chain is there too: Léo's invites are.
    const guestLink = await leo.invite();
    expect(guestLink).toContain("/i/");
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
