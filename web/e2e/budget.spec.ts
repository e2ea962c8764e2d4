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

for (const language of ["en", "fr"] as const) {
  test(`first visits in ${language} stay within their budget of bytes, and ask nobody but the node`, async () => {
    const { node, zoe, room, end } = await evening();
    try {
      await zoe.page.evaluate((chosen) => localStorage.setItem("stoa.language", JSON.stringify(chosen)), language);
      const visits = [
        { of: "a room", address: room, control: ".door-buttons .button-primary:enabled", enters: true },
        { of: "the hallway", address: `${node.url}/`, control: ".room-card-title a", enters: false },
      ];
      for (const { of, address, control, enters } of visits) {
        const page = await zoe.page.context().newPage();
        const visit = await watchVisit(page);
        await throttle(visit);
        await page.addInitScript(noteUsable, `html[lang=${language}] ${control}`);
        await page.goto(address, { waitUntil: "commit" });
        const usable = await usableAfter(page);
        const { length } = visit.loaded;
        if (enters) await page.locator(control).click();
        await expect.poll(() => visit.loaded.some(({ path }) => path.includes("/more-")), { timeout: 60_000 }).toBe(true);
        const [first, all] = [bytesOf(visit.loaded.slice(0, length)), bytesOf(visit.loaded)];
        console.log(`${of}, in ${language}: usable after ${(usable / 1000).toFixed(2)} s on a slow phone (bar 1.5 s; see make first-visit), with ${(first / 1000).toFixed(1)} kB of ${(all / 1000).toFixed(1)} kB`);
        expect(all, listOf(visit.loaded)).toBeLessThan(budget);
        expect([...visit.asked]).toEqual([new URL(room).origin]);
        await page.close();
      }
    } finally {
      await end();
    }
  });
}

test("before the door of a room can be used, three round trips are needed, one part of the code and one of the words, and no more bytes than their budget", async () => {
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
    const isNeeded = (path: string): boolean => /^\/assets\/(?:index|en)-[^/]*\.js$/.test(path);

    // One for the page, one for its scripts; and what the node is asked, and the words, are on their way before the page's code is here.
    await zoe.page.goto(room, { waitUntil: "commit" });
    await expect.poll(() => questions.every((question) => held.some(({ path }) => path === question)), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => held.filter(({ path }) => isNeeded(path)).length, { timeout: 30_000 }).toBe(2);

    // The third: the answers, the code and the words, and nothing that is asked for after them.
    const later = held.filter(({ path }) => !questions.includes(path) && !isNeeded(path));
    for (const { route } of held.splice(0, held.length, ...later).filter((one) => !later.includes(one))) await route.continue();
    await expect(zoe.page.getByRole("button", { name: "Join listening" })).toBeEnabled({ timeout: 30_000 });
    expect(visit.loaded.filter(({ path }) => path.endsWith(".js")).map(({ path }) => path.replace(/-[^/]*$/, "")).sort()).toEqual(["/assets/en", "/assets/first", "/assets/index"]);
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

test("words that do not come are asked for again, and meanwhile the page says so in each language", async () => {
  const { zoe, room, end } = await evening();
  try {
    const { page } = zoe;
    let cut = true;
    await page.route(/\/assets\/en-/, async (route) => cut ? route.abort("internetdisconnected") : route.continue());
    await page.goto(room);
    await expect(page.getByText("The node does not answer. Trying again… · Le nœud ne répond pas. Nouvel essai…")).toBeVisible();
    cut = false;
    await expect(page.getByRole("button", { name: "Join listening" })).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText("Le nœud ne répond pas")).toHaveCount(0);
  } finally {
    await end();
  }
});
