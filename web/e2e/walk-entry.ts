// A walk through the ways in: a community that is asked, answers, and opens its door.
import type { BrowserContextOptions } from "@playwright/test";
import { expect } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { catalogues, type Look, type Stop } from "./walk";

/** Walks, as walk.ts does. */
export async function walkEntry(look: Look, stop: Stop): Promise<void> {
  const m = catalogues[look.language];
  const context: BrowserContextOptions = {
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    locale: look.language === "fr" ? "fr-FR" : "en-GB",
  };
  const node = await StoaNode.start();
  const ana = await Person.arrive("Anastasía Papadopoúlou", context);
  const leo = await Person.arrive("Léo", context);
  const mia = await Person.arrive("Mia", context);
  try {
    const { page } = ana;
    await page.goto(node.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await page.getByRole("button", { name: m.recovery.later }).click();

    // A note and a life for an invite; how the next ones come.
    await page.goto(`${node.url}/invites`);
    await page.getByRole("textbox", { name: m.entry.note }).fill("Léo");
    await page.getByRole("combobox", { name: m.entry.life }).selectOption("1");
    await page.getByRole("button", { name: m.invites.create }).click();
    await expect(page.getByRole("textbox", { name: m.invites.link })).toHaveValue(/\/i\/.+#/);
    await expect(page.getByText(m.entry.forWhom("Léo"))).toBeVisible();
    await expect(page.getByRole("progressbar", { name: m.entry.speaking })).toBeVisible();
    await stop("invites-earning", ana);

    // The founder lets people ask. A second tab that knew the rules before is told.
    await page.goto(`${node.url}/community`);
    await expect(page.getByRole("heading", { name: m.entry.rules, exact: true })).toBeVisible();
    await stop("community", ana);
    const second = await page.context().newPage();
    await second.goto(`${node.url}/community`);
    await expect(second.getByRole("heading", { name: m.entry.rules, exact: true })).toBeVisible();
    await page.getByRole("radio", { name: m.entry.entryAsk }).check();
    await page.getByRole("textbox", { name: m.entry.admitSlots }).fill("many");
    await page.getByRole("button", { name: m.entry.save }).click();
    await expect(page.getByRole("textbox", { name: m.entry.admitSlots })).toBeFocused();
    await stop("community-wrong", ana);
    await page.getByRole("textbox", { name: m.entry.admitSlots }).fill("1");
    await page.getByRole("button", { name: m.entry.save }).click();
    await expect(page.getByText(m.entry.saved)).toBeVisible();
    await second.getByRole("textbox", { name: m.entry.admitSlots }).fill("5");
    await second.getByRole("button", { name: m.entry.save }).click();
    await second.getByRole("button", { name: m.entry.again }).click();
    await expect(second.getByRole("textbox", { name: m.entry.admitSlots })).toHaveValue("1");
    await second.close();

    // Somebody asks, waits, reloads, and is let in by themselves.
    await leo.page.goto(node.url);
    await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
    await leo.page.getByRole("textbox", { name: m.entry.message }).fill("We met at the lighthouse");
    await stop("ask", leo);
    await leo.page.getByRole("button", { name: m.entry.ask, exact: true }).click();
    await expect(leo.page.getByRole("heading", { name: m.entry.waitTitle })).toBeVisible();
    await leo.page.reload();
    await expect(leo.page.getByRole("heading", { name: m.entry.waitTitle })).toBeVisible();
    await stop("ask-waiting", leo);
    await page.goto(node.url);
    await expect(page.getByText(m.entry.waiting(1))).toBeVisible();
    await stop("hallway-request", ana);
    await page.getByRole("link", { name: m.entry.answer }).click();
    await expect(page.getByText("We met at the lighthouse")).toBeVisible();
    await stop("community-requests", ana);
    await page.getByRole("button", { name: m.entry.approveWhich("Léo") }).click();
    await expect(page.getByText(m.entry.nobody)).toBeVisible();
    await expect(leo.page.getByRole("heading", { name: m.hallway.live })).toBeVisible({ timeout: 20_000 });
    await leo.page.goto(`${node.url}/community`);
    await expect(leo.page.getByText(m.entry.founderOnly)).toBeVisible();
    await stop("community-member", leo);

    // Somebody is refused.
    await mia.page.goto(node.url);
    await mia.page.getByRole("textbox", { name: m.join.name }).fill(mia.name);
    await mia.page.getByRole("button", { name: m.entry.ask, exact: true }).click();
    await page.getByRole("button", { name: m.entry.declineWhich("Mia") }).click({ timeout: 20_000 });
    await expect(mia.page.getByRole("heading", { name: m.entry.declined })).toBeVisible({ timeout: 20_000 });
    await stop("ask-declined", mia);
    await mia.page.getByRole("button", { name: m.entry.withdraw }).click();

    // The door opens.
    await page.getByRole("radio", { name: m.entry.entryOpen }).check();
    await page.getByRole("button", { name: m.entry.save }).click();
    await expect(page.getByText(m.entry.saved)).toBeVisible();
    await mia.page.goto(node.url);
    await mia.page.getByRole("textbox", { name: m.join.name }).fill(mia.name);
    await stop("open-door", mia);
    await mia.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await mia.page.getByRole("button", { name: m.recovery.later }).click();
    await mia.page.goto(`${node.url}/invites`);
    await expect(mia.page.getByText(m.entry.wayOpen)).toBeVisible();
    await stop("invites-open", mia);
  } finally {
    await mia.leave();
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
}
