// What people have typed, opened or decided is not lost by what happens beside it.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("the skip link leads to the content, and an invite's address stays as it was", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  try {
    await ana.found(node.ownerLink);
    const { page } = leo;
    await page.goto(await ana.invite());
    await expect(page.getByRole("textbox", { name: "Your name" })).toBeVisible();
    const address = page.url();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
    expect(page.url()).toBe(address);
    await page.getByRole("textbox", { name: "Your name" }).fill("Léo");
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(page.getByRole("button", { name: "Later" })).toBeVisible();
  } finally {
    for (const one of [ana, leo]) await one.leave();
    await node.destroy();
  }
});

test("an offer of the stage comes over a question that is being written, and what fails is said where it is seen", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo", { viewport: { width: 390, height: 844 } });
  try {
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await ana.startRoom("Kept words");
    await leo.goToRoom("Kept words");
    await leo.enter("listening");
    const { page } = leo;
    const question = page.getByRole("textbox", { name: "Your question" });
    await page.getByRole("button", { name: "Ask a question" }).click();
    await question.fill("Who planted the olive tree?");

    await ana.page.getByRole("region", { name: "Audience" }).getByRole("button", { name: /Léo/ }).click();
    await ana.page.getByRole("button", { name: "Invite to the stage" }).click();
    const offer = page.getByRole("dialog", { name: "You are invited to the stage" });
    await expect(offer).toBeVisible();

    // The node cannot be reached: the answer to the offer fails, and says so in the dialog.
    await page.route("**/actions", async (route) => route.abort("internetdisconnected"));
    await offer.getByRole("button", { name: "Join the stage" }).click();
    await expect(offer.getByRole("status").filter({ hasText: "The node does not answer." })).toBeVisible();
    await page.unroute("**/actions");

    await offer.getByRole("button", { name: "Not now" }).click();
    await expect(offer).toHaveCount(0);
    await expect(question).toHaveValue("Who planted the olive tree?");
    await page.goBack(); // closes the sheet, not the room
    await expect(question).toHaveCount(0);
    await expect(page.getByRole("region", { name: "Stage" })).toBeVisible();
  } finally {
    for (const one of [ana, leo]) await one.leave();
    await node.destroy();
  }
});

test("a browser that forgets its key forgets it in every tab", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  try {
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    const other = await leo.page.context().newPage();
    await other.goto(`${node.url}/me`);
    await expect(other.getByRole("button", { name: "Forget this browser" })).toBeVisible();
    const { page } = leo;
    await page.goto(`${node.url}/me`);
    await page.getByRole("button", { name: "Forget this browser" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget my key" }).click();
    for (const tab of [page, other]) await expect(tab.getByRole("link", { name: "I have a recovery file" })).toBeVisible();
    expect(await other.evaluate(() => localStorage.getItem("stoa.session"))).toBeNull();
  } finally {
    for (const one of [ana, leo]) await one.leave();
    await node.destroy();
  }
});

test("another language may be chosen while a page is still on its way", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  try {
    await ana.found(node.ownerLink);
    const { page } = ana;
    let release: () => void = () => undefined;
    const released = new Promise<void>((done) => (release = done));
    await page.route(/\/assets\/pages\.(?:en|fr)-/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(`${node.url}/me`);
    await page.getByRole("button", { name: "Français" }).click();
    release();
    await expect(page.getByRole("heading", { name: "Vos données" })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Your data" })).toHaveCount(0);
  } finally {
    await ana.leave();
    await node.destroy();
  }
});
