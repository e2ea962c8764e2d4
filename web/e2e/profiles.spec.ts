import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("people are seen, followed and blocked", async () => {
const node = await StoaNode.start();
const ana = await Person.arrive("Ana", { viewport: { width: 1280, height: 900 } });
const leo = await Person.arrive("Léo", { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
try {
  await ana.found(node.ownerLink);
  await leo.join(await ana.invite());
  await ana.page.goto(`${node.url}/me`);
  const png = await ana.page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 400 } });
  await ana.page.getByLabel("Picture").setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png });
  await ana.page.getByRole("textbox", { name: "About you" }).fill("I listen more than I talk.");
  await ana.page.getByRole("textbox", { name: "Links" }).fill("https://ana.example/about");
  await ana.page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(ana.page.getByText("Saved. Everybody")).toBeVisible();
  await ana.startRoom("On pictures");
  await leo.goToRoom("On pictures");
  await leo.enter("listening");
  const img = leo.page.getByRole("region", { name: "Stage" }).locator("img.avatar");
  await expect(img).toBeVisible();
  await expect.poll(() => img.evaluate((i) => (i as HTMLImageElement).naturalWidth)).toBe(256);
  await leo.page.getByRole("region", { name: "Stage" }).getByRole("button", { name: /Ana/ }).click();
  const sheet = leo.page.getByRole("dialog", { name: "Ana" });
  await sheet.getByRole("button", { name: "Follow", exact: true }).click();
  await sheet.getByRole("slider", { name: "Volume" }).fill("40");
  await expect(sheet.getByRole("button", { name: "Unfollow" })).toBeVisible();
  await sheet.getByRole("button", { name: "Block", exact: true }).click();
  await expect(sheet.getByRole("button", { name: "Unblock" })).toBeVisible();
  await sheet.getByRole("button", { name: "Unblock" }).click();
  await sheet.getByRole("link", { name: "Profile" }).click();
  await expect(leo.page.getByRole("heading", { name: "Ana" })).toBeVisible();
  await expect(leo.page.getByRole("button", { name: "Unfollow" })).toBeVisible();
  await expect(leo.page.getByRole("slider", { name: "Volume" })).toHaveValue("40");
  await leo.page.goBack();
  await leo.page.getByRole("button", { name: "Reactions" }).click();
  await leo.page.getByRole("button", { name: "Heart" }).click();
  await expect(ana.page.locator(".reaction-heart")).toBeVisible();
} finally {
  await leo.leave();
  await ana.leave();
  await node.destroy();
}
});
