// A room that is planned: in the start sheet, in the hallway, at its link, in a calendar.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("somebody plans a room, and finds it everywhere", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { viewport: { width: 390, height: 844 } });
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await page.getByRole("button", { name: "Start a room" }).first().click();
    await page.getByRole("textbox", { name: "Title" }).fill("Songs of the week");
    await page.getByRole("radio", { name: "Later" }).check();
    const year = new Date().getFullYear() + 1;
    await page.getByLabel("Date", { exact: true }).fill(`${year}-02-02`);
    await page.getByLabel("Repeats").selectOption("weekly");
    await page.getByLabel("Time zone").selectOption("Europe/Paris");
    await page.getByRole("button", { name: "Schedule", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    await page.getByRole("button", { name: "Remind me" }).click();
    await expect(page.getByRole("button", { name: /Do not remind me/ })).toBeVisible();
    await page.goto(node.url);
    await expect(page.getByRole("heading", { name: "Upcoming" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Songs of the week" })).toBeVisible();
    await page.goto(`${node.url}/calendar`);
    await page.getByRole("button", { name: "Make a calendar link" }).click();
    const link = page.getByRole("textbox", { name: "Calendar link" });
    await expect(link).toHaveValue(/\/calendar\/.+\.ics$/);
    const feed = await page.request.get(await link.inputValue());
    expect(await feed.text()).toContain("SUMMARY:Songs of the week");
  } finally {
    await ana.leave();
    await node.destroy();
  }
});
