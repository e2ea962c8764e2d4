// The whole of an evening: found, invite, talk, be moderated. Two real browsers, real speech, one real node.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("two people find each other and talk", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const leo = await Person.arrive("Léo", { voice: "leo" });
  try {
    await ana.found(node.ownerLink);
    await expect(ana.page.getByRole("heading", { name: "Live now" })).toBeVisible();
    const link = await ana.invite();
    await expect(ana.page.getByText("1 invite left")).toBeVisible();

    // Ana opens a room and talks.
    await ana.startRoom("Evening on the porch");
    await expect(ana.page.getByRole("region", { name: "Stage" })).toContainText("Ana");
    await expect(ana.page.getByRole("heading", { name: "Evening on the porch" })).toBeFocused();
    await expect(ana.page).toHaveTitle("Evening on the porch · muted – Stoa");
    await ana.unmute();
    await expect(ana.page).toHaveTitle("Evening on the porch · microphone on – Stoa");

    // Léo joins by the link, enters, and hears her within a second.
    await leo.join(link);
    await leo.page.getByRole("link", { name: /Evening on the porch/ }).click();
    const heard = await leo.untilHearsAfter(() => leo.enter("listening"));
    console.log(`speech heard ${heard.toFixed()} ms after "Join listening"`);
    expect(heard).toBeLessThan(1_000);

    // The ring around Ana follows her voice.
    await expect(leo.tile("Ana")).toHaveAttribute("data-speaking", "true");

    // He raises his hand with a question, and is invited.
    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await expect(leo.page.getByText("You are number 1 in the queue")).toBeVisible();
    await expect(ana.page).toHaveTitle("1 hand · Evening on the porch · microphone on – Stoa");
    await ana.page.getByRole("region", { name: "Hands" }).getByRole("button", { name: "Invite Léo to the stage" }).click();
    const offer = leo.page.getByRole("dialog", { name: "You are invited to the stage" });
    await offer.getByRole("button", { name: "Join the stage" }).click();
    await expect(leo.page.getByRole("region", { name: "Stage" })).toContainText("Léo");

    // Nobody hears him before he unmutes; then Ana does, and he never hears himself.
    expect(Object.keys((await ana.hears()).levels)).toEqual([]);
    await leo.unmute();
    await ana.untilHears();
    await expect(ana.tile("Léo")).toHaveAttribute("data-speaking", "true");
    expect(Object.keys((await leo.hears()).levels)).toHaveLength(1);

    // He is asked before his page closes. His place is held then, Ana sees why he is silent, and he comes back to it, muted.
    const asked = leo.page.waitForEvent("dialog").then(async (dialog) => {
      await dialog.accept();
      return dialog.type();
    });
    const room = leo.page.url();
    await leo.page.goto("about:blank");
    expect(await asked).toBe("beforeunload");
    await expect(ana.tile("Léo")).toContainText("reconnecting…");
    await leo.page.goto(room);
    await leo.unmute();
    await expect(ana.tile("Léo")).not.toContainText("reconnecting…");
    await ana.untilHears();

    // Ana mutes him: within 100 ms nothing more of him is forwarded.
    await ana.onPerson("Léo", "Mute");
    await expect(leo.page.getByRole("button", { name: "Unmute" })).toBeVisible();
    await expect.poll(async () => (await ana.hears()).levels).toEqual({});

    // Ana removes him: his page says so, and neither a reload nor the link brings him back.
    await ana.onPerson("Léo", "Remove from room");
    const removing = ana.page.getByRole("dialog", { name: "Remove Léo?" });
    await removing.getByRole("textbox", { name: "Reason" }).fill("Talks over everybody");
    await removing.getByRole("button", { name: "Remove", exact: true }).click();
    const removed = leo.page.getByRole("heading", { name: "You were removed from this room" });
    await expect(removed).toBeVisible();
    await leo.page.reload();
    await expect(removed).toBeVisible();
    expect((await leo.hears()).packets).toBe(0);

    // The end of the room is the end for everybody.
    await expect(ana.page.getByRole("region", { name: "Stage" })).not.toContainText("Léo");
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
