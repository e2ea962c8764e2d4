// Rooms and people are found: by the search, by the topics, and in the columns of a wide screen.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("rooms and people are found, followed, and shown where they speak", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { viewport: { width: 1280, height: 900 } });
  const leo = await Person.arrive("Léo", { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  try {
    await ana.found(node.ownerLink);
    await expect(ana.page.getByText("Nobody is talking. Start a room, or follow a topic to be told.", { exact: true })).toBeVisible();
    await leo.join(await ana.invite());

    await ana.page.goto(node.url);
    await ana.page.getByRole("button", { name: "Start a room" }).click();
    const sheet = ana.page.getByRole("dialog", { name: "Start a room" });
    await sheet.getByRole("textbox", { name: "Title" }).fill("Blue notes");
    await sheet.getByRole("combobox", { name: "Topics" }).fill("jazz,");
    await sheet.getByRole("button", { name: "Start", exact: true }).click();
    await expect(ana.page.getByRole("heading", { name: "Blue notes" })).toBeVisible();
    await ana.page.goBack();
    await expect(ana.page.getByRole("complementary", { name: "Your room" })).toContainText("Blue notes");

    const { page } = leo;
    const strip = page.getByRole("toolbar", { name: "Topics" });
    await expect(strip.getByRole("button", { name: "jazz" })).toBeVisible();
    await strip.getByRole("button", { name: "All" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await expect(strip.getByRole("button", { name: "jazz", pressed: true })).toBeFocused();
    await page.getByRole("button", { name: "Follow jazz" }).click();
    await expect(strip.getByRole("button", { name: "jazz, followed" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Blue notes" })).toBeVisible();
    await page.reload();
    await expect(strip.getByRole("button", { name: "jazz, followed" })).toBeVisible();

    await page.getByRole("link", { name: "Search" }).click();
    const field = page.getByRole("searchbox", { name: "Rooms and people" });
    await expect(field).toBeFocused();
    await expect(page.getByRole("link", { name: "Ana" })).toBeVisible();
    await page.keyboard.type("zzz");
    await expect(page.getByRole("status").filter({ hasText: "Nothing matches “zzz”." })).toBeVisible();
    await field.fill("ÁNA");
    await expect(page.getByRole("status").filter({ hasText: "1 room, 1 person" })).toBeVisible();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("link", { name: "Blue notes" })).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("link", { name: "Ana" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Ana" })).toBeVisible();
    await page.getByRole("button", { name: "Follow", exact: true }).click();
    await page.goBack();
    await expect(field).toHaveValue("ÁNA");
    await field.fill("#jazz");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: "Join listening" })).toBeVisible();

    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(node.url);
    const beside = page.getByRole("region", { name: "People you follow" });
    await expect(beside.getByRole("link", { name: /^Ana in “Blue notes”$/ })).toHaveAttribute("href", /^\/r\//);
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
