// What moderators do, in three real browsers: each sees it, its log says it, and whoever was removed is told why.
import { expect, test } from "@playwright/test";
import { axeFaults } from "./axe";
import { StoaNode } from "./node";
import { Person } from "./people";

test("a room is moderated, and everybody can check by whom", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const leo = await Person.arrive("Léo", { voice: "leo" });
  const mina = await Person.arrive("Mina", { voice: "mina", viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  const settings = (who: Person) => who.page.getByRole("dialog", { name: "Room settings" });
  const openSettings = async (who: Person) => {
    await who.page.getByRole("button", { name: "Room menu" }).click();
    await who.page.getByRole("button", { name: "Room settings" }).click();
    await expect(settings(who).getByRole("heading", { name: "Log" })).toBeVisible();
  };
  const picture = async (who: Person, name: string) => {
    await who.page.screenshot({ path: `test-results/moderation/${name}.png` });
    expect(await axeFaults(who.page), name).toEqual([]);
  };
  try {
    await ana.found(node.ownerLink);
    const links = [await ana.invite(), await ana.invite()];
    await ana.startRoom("Under the plane tree");
    for (const [i, who] of [leo, mina].entries()) {
      await who.join(links[i] ?? "");
      await who.goToRoom("Under the plane tree");
      await who.enter("listening");
    }
    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await ana.page.getByRole("button", { name: "Invite Léo to the stage" }).click();
    await leo.page.getByRole("button", { name: "Join the stage" }).click();
    await leo.unmute();

    // All microphones are closed, and Léo opens his again because he is asked to.
    await ana.page.getByRole("button", { name: "Mute all" }).click();
    await expect(leo.page.getByText("Ana muted you.")).toBeVisible();
    await ana.onPerson("Léo", "Ask to unmute");
    await expect(leo.page.getByText("Ana asks you to unmute.")).toBeVisible();
    await leo.page.getByRole("status").getByRole("button", { name: "Unmute" }).click();
    await expect(leo.page.getByRole("button", { name: "Mute", exact: true })).toBeVisible();

    // The stage is locked, and opened for questions.
    await openSettings(ana);
    await settings(ana).getByRole("checkbox", { name: "Lock the stage" }).click();
    await expect(settings(ana).getByRole("checkbox", { name: "Lock the stage" })).toBeChecked();
    await expect(mina.page.getByRole("button", { name: "Raise hand" })).toBeDisabled();
    await settings(ana).getByRole("checkbox", { name: "Lock the stage" }).click();
    await settings(ana).getByRole("checkbox", { name: "Ask mode" }).click();
    await settings(ana).getByRole("combobox", { name: "Slow mode" }).selectOption("60");
    await picture(ana, "settings-wide");
    await ana.page.keyboard.press("Escape");
    await mina.page.getByRole("button", { name: "Raise hand" }).click();
    await mina.page.getByRole("textbox", { name: "Your question" }).fill("Who planted it?");
    await mina.page.getByRole("button", { name: "Raise hand and ask" }).click();
    await expect(mina.page.getByText("You are number 1 in the queue")).toBeVisible();
    await mina.page.getByRole("button", { name: "Lower hand" }).click();
    await mina.page.getByRole("button", { name: "Raise hand" }).click();
    await mina.page.getByRole("textbox", { name: "Your question" }).fill("And when?");
    await mina.page.getByRole("button", { name: "Raise hand and ask" }).click();
    await expect(mina.page.getByRole("dialog").getByText(/slow mode/)).toBeVisible();
    await mina.page.keyboard.press("Escape");

    // Léo is removed for a day: not without a reason, and he is told all of it.
    await ana.onPerson("Léo", "Remove from room");
    const removing = ana.page.getByRole("dialog", { name: "Remove Léo?" });
    await removing.getByRole("radio", { name: "1 day" }).check();
    await removing.getByRole("button", { name: "Remove", exact: true }).click();
    await expect(removing.getByText("Say why.")).toBeVisible();
    await picture(ana, "remove-wide");
    await removing.getByRole("textbox", { name: "Reason" }).fill("Sold carpets");
    await removing.getByRole("button", { name: "Remove", exact: true }).click();
    await expect(leo.page.getByRole("heading", { name: "You were removed from this room" })).toBeVisible();
    await expect(leo.page.getByText(/Ana removed you\. You can come back on .* \d{4}/)).toBeVisible();
    await expect(leo.page.getByText("Sold carpets")).toBeVisible();
    await picture(leo, "removed-wide");
    await leo.page.reload();
    await expect(leo.page.getByText("Sold carpets")).toBeVisible();

    // Mina, who only listens, reads the log: each line is verified, in her browser.
    await openSettings(mina);
    const log = settings(mina).getByRole("listitem").filter({ hasText: "verified" });
    await expect(log.first()).toContainText("Ana removed Léo for 1 day.");
    await expect(log.first()).toContainText("Sold carpets");
    await expect(log).toHaveCount(8);
    await expect(settings(mina).getByText("not verified")).toHaveCount(0);
    await expect(settings(mina).getByRole("checkbox")).toHaveCount(0);
    await picture(mina, "settings-phone");
    await settings(mina).getByRole("heading", { name: "Log" }).scrollIntoViewIfNeeded();
    await picture(mina, "log-phone");
    await mina.page.keyboard.press("Escape");

    // The removal is undone, and Léo comes back.
    await openSettings(ana);
    await picture(ana, "removed-people-wide");
    await settings(ana).getByRole("button", { name: "Undo: let Léo come back" }).click();
    await expect(settings(ana).getByText("Nobody was removed.")).toBeVisible();
    await ana.page.keyboard.press("Escape");
    await leo.goToRoom("Under the plane tree");
    await leo.enter("listening");

    // The last moderator is asked who comes after her.
    await ana.page.getByRole("region", { name: "Audience" }).getByRole("button", { name: /Mina/ }).click();
    await ana.page.getByRole("button", { name: "Invite to the stage" }).click();
    await mina.page.getByRole("button", { name: "Join the stage" }).click();
    await expect(ana.page.getByRole("region", { name: "Stage" })).toContainText("Mina");
    await ana.page.getByRole("button", { name: "Leave quietly" }).click();
    const last = ana.page.getByRole("dialog", { name: "You are the only moderator" });
    await expect(last.getByRole("radio", { name: "Mina" })).toBeChecked();
    await picture(ana, "last-wide");
    await last.getByRole("button", { name: "Make Mina moderator and leave" }).click();
    await expect(ana.page.getByRole("heading", { name: "Live now" })).toBeVisible();
    await expect(mina.page.getByRole("region", { name: "Hands" })).toBeVisible();
    await expect(mina.page.getByRole("region", { name: "Stage" })).not.toContainText("Ana");
    await mina.page.getByRole("button", { name: "Leave quietly" }).click();
    await picture(mina, "last-phone");
    await mina.page.getByRole("button", { name: "End room for everyone" }).click();
    await expect(leo.page.getByRole("heading", { name: "This room has ended" })).toBeVisible();
  } finally {
    for (const who of [ana, leo, mina]) await who.leave();
    await node.destroy();
  }
});
