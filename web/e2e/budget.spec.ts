import { expect, test, type Route } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { bytesOf, listOf, noteUsable, throttle, usableAfter, watchVisit } from "./visit";

/** All that a first visit loads, until there is nothing left to load, compressed, in bytes. */
const budget = 150_000;

/** What of it is loaded before there is something to press. */
const firstBudget = 75_000;

/** Two people in a community, and a room of the first one. */
async function evening(): Promise<{ node: StoaNode; ana: Person; zoe: Person; room: string; end: () => Promise<void> }> {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoe", { viewport: { width: 390, height: 844 } });
  await ana.found(node.ownerLink);
  await zoe.join(await ana.invite());
  const room = await ana.startRoom("Budget");
  const end = async (): Promise<void> => {
    for (const one of [ana, zoe]) await one.leave();
    await node.destroy();
  };
  return { node, ana, zoe, room, end };
}

test("a first visit to a room stays within its budget of bytes, and asks nobody but the node", async () => {
  const { zoe, room, end } = await evening();
  try {
    const visit = await watchVisit(zoe.page);
    await throttle(visit);
    await zoe.page.addInitScript(noteUsable, ".door-buttons .button-primary:enabled");
    await zoe.page.goto(room, { waitUntil: "commit" });
    const usable = await usableAfter(zoe.page);
    const { length } = visit.loaded;
    await zoe.enter("listening");
    await expect.poll(() => visit.loaded.some(({ path }) => path.includes("/more-")), { timeout: 60_000 }).toBe(true);
    const [first, all] = [bytesOf(visit.loaded.slice(0, length)), bytesOf(visit.loaded)];
    console.log(`usable after ${(usable / 1000).toFixed(2)} s on a slow phone (bar 1.5 s; see make first-visit), with ${(first / 1000).toFixed(1)} kB of ${(all / 1000).toFixed(1)} kB`);
    expect(all, listOf(visit.loaded)).toBeLessThan(budget);
    expect([...visit.asked]).toEqual([new URL(room).origin]);
  } finally {
    await end();
  }
});

test("before the door of a room can be used, three round trips are needed, one part of the code, and no more bytes than their budget", async () => {
  const { zoe, room, end } = await evening();
  try {
    const visit = await watchVisit(zoe.page);
    const held: { path: string; route: Route }[] = [];
    let open = false;
    const isFree = (path: string): boolean => path.startsWith("/r/") || /^\/assets\/(?:first-|index-.*\.css)/.test(path) || /\.(?:svg|png|webmanifest)$/.test(path);
    await zoe.page.route("**/*", async (route) => {
      const path = new URL(route.request().url()).pathname;
      if (open || isFree(path)) await route.continue();
      else held.push({ path, route });
    });
    const id = new URL(room).pathname.slice("/r/".length);
    const questions = ["/api/v1/node", "/api/v1/me", `/api/v1/rooms/${id}`];
    const isEntry = (path: string): boolean => /^\/assets\/index-.*\.js$/.test(path);

    // One for the page, one for its scripts; and what the node is asked is on its way before the page's code is here.
    await zoe.page.goto(room, { waitUntil: "commit" });
    await expect.poll(() => questions.every((question) => held.some(({ path }) => path === question)), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => held.some(({ path }) => isEntry(path)), { timeout: 30_000 }).toBe(true);

    // The third: the answers and the code, and nothing that is asked for after them.
    const later = held.filter(({ path }) => !questions.includes(path) && !isEntry(path));
    for (const { route } of held.splice(0, held.length, ...later).filter((one) => !later.includes(one))) await route.continue();
    await expect(zoe.page.getByRole("button", { name: "Join listening" })).toBeEnabled({ timeout: 30_000 });
    expect(visit.loaded.filter(({ path }) => path.endsWith(".js")).map(({ path }) => path.replace(/-[^/]*$/, "")).sort()).toEqual(["/assets/first", "/assets/index"]);
    expect(bytesOf(visit.loaded), listOf(visit.loaded)).toBeLessThan(firstBudget);

    // Pressed before the rest is here, the button does what it says as soon as that has come.
    await zoe.page.getByRole("button", { name: "Join listening" }).click();
    open = true;
    for (const { route } of held) await route.continue();
    await expect(zoe.page.getByRole("region", { name: "Stage" })).toBeVisible({ timeout: 30_000 });
  } finally {
    await end();
  }
});

test("a part of the page that does not come is said to be missing, offered again, and then opens where it was asked for", async () => {
  const { zoe, room, end } = await evening();
  try {
    const { page } = zoe;
    let cut = true;
    await page.route(/\/assets\/more-/, async (route) => cut ? route.abort("internetdisconnected") : route.continue());
    await page.goto(room);
    await zoe.enter("listening");
    const menu = page.getByRole("button", { name: "Room menu" });
    await menu.click();
    const toast = page.getByRole("status").filter({ hasText: "The node does not answer." });
    await expect(toast).toBeVisible();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    cut = false;
    await toast.getByRole("button", { name: "Try again" }).click();
    const sheet = page.getByRole("dialog", { name: "Room menu" });
    await expect(sheet).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(sheet).toHaveCount(0);
    await expect(menu).toBeFocused();
  } finally {
    await end();
  }
});
