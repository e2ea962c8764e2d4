// Back closes a sheet, then minimises, and never leaves.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("Back closes sheets and minimises the room", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  try {
    const { page } = ana;
    const dialog = page.getByRole("dialog");
    const stage = page.getByRole("region", { name: "Stage" });
    const hallway = page.getByRole("heading", { name: "Live now" });
    await ana.found(node.ownerLink);

    // A sheet in the hallway.
    await page.getByRole("button", { name: "Start a room" }).first().click();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toHaveCount(0);
    await expect(hallway).toBeVisible();

    // Sheets in a room, one behind another, and then the room itself.
    const room = await ana.startRoom("Olives");
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("button", { name: "Invite people" }).last().click();
    await page.getByRole("button", { name: "Create invite" }).click();
    const link = await page.getByRole("textbox", { name: "Invite link" }).inputValue();
    await page.goBack();
    await expect(dialog).toHaveCount(0);
    expect(page.url()).toBe(room);
    await page.getByRole("button", { name: "Room menu" }).click();
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Room menu" })).toBeFocused(); // where the sheet was opened from
    await page.goBack();
    await expect(hallway).toBeVisible();

    // Straight into a room, by its link and by an invite: the hallway lies below it, not the page before.
    const listen = page.getByRole("button", { name: "Join listening" });
    for (const address of [room, link]) {
      await page.goto("about:blank");
      await page.goto(address);
      if (address === link) await page.getByRole("link", { name: "To the room" }).click();
      await expect(listen.or(stage)).toBeVisible();
      if (await listen.isVisible()) await listen.click();
      await expect(stage).toBeVisible();
      await page.goBack();
      await expect(hallway).toBeVisible();
    }
  } finally {
    await ana.leave();
    await node.destroy();
  }
});

test("whoever moderates alone is asked before another room takes them away", async () => {
  const node = await StoaNode.start();
  const [ana, leo] = [await Person.arrive("Ana"), await Person.arrive("Léo")];
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    const link = await ana.invite();
    const olives = await ana.startRoom("Olives");

    // A link to a room for members leads somebody there who becomes one by an invite.
    await leo.page.goto(olives);
    await expect(leo.page.getByText("This room is for members.")).toBeVisible();
    await leo.join(link);
    await expect(leo.page).toHaveURL(olives);
    await expect(leo.page.getByRole("button", { name: "Français" })).toBeVisible(); // a language can be chosen at the door
    await leo.enter("listening");
    await expect(page.getByRole("region", { name: "Audience" })).toContainText("Léo");

    await page.getByRole("link", { name: "Back to the hallway" }).click();
    await page.getByRole("button", { name: "Start a room" }).first().click();
    const start = page.getByRole("dialog", { name: "Start a room" });
    await expect(start.getByText("You are in “Olives”. Starting a room leaves it.")).toBeVisible();
    await start.getByRole("textbox", { name: "Title" }).fill("Figs");
    await start.getByRole("button", { name: "Start", exact: true }).click();
    const only = page.getByRole("dialog", { name: "You are the only moderator" });
    await only.getByRole("button", { name: "Stay" }).click();
    await expect(page.getByText("You are in “Olives”. Entering this room leaves it.")).toBeVisible();
    await expect(leo.tile("Ana")).toBeVisible();

    await page.getByRole("button", { name: "Join listening" }).click();
    await only.getByRole("button", { name: "Leave anyway" }).click();
    await expect(page.getByRole("heading", { name: "Figs" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Leave quietly" })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Live now" })).toBeVisible();
    await expect(leo.tile("Ana")).toContainText("reconnecting");
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
