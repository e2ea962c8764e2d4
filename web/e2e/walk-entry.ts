// A walk through the ways in: a community that is asked, answers, and opens its door.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

export async function walkEntry(walk: Walk): Promise<void> {
  const { m } = walk;
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo");
  const mia = await walk.arrive("Mia");
  const { page } = ana;
  await walk.found(ana, node);

  // A note and a life for an invite; how the next ones come.
  await page.goto(`${node.url}/invites`);
  await page.getByRole("textbox", { name: m.earning.note }).fill("Léo");
  await page.getByRole("combobox", { name: m.earning.life }).selectOption("1");
  await page.getByRole("button", { name: m.invites.create }).click();
  await expect(page.getByRole("textbox", { name: m.invites.link })).toHaveValue(/\/i\/.+#/);
  await expect(page.getByText(m.earning.forWhom("Léo"))).toBeVisible();
  await expect(page.getByRole("progressbar", { name: m.earning.speaking })).toBeVisible();
  await walk.stop("invites-earning", ana);

  // The founder lets people ask. A second tab that knew the rules before is told.
  await page.goto(`${node.url}/community`);
  await expect(page.getByRole("heading", { name: m.community.rules, exact: true })).toBeVisible();
  await walk.stop("community", ana);
  const second = await page.context().newPage();
  await second.goto(`${node.url}/community`);
  await expect(second.getByRole("heading", { name: m.community.rules, exact: true })).toBeVisible();
  await page.getByRole("radio", { name: m.community.entryAsk }).check();
  await page.getByRole("textbox", { name: m.community.admitSlots }).fill("many");
  await page.getByRole("button", { name: m.community.save }).click();
  await expect(page.getByRole("textbox", { name: m.community.admitSlots })).toBeFocused();
  await walk.stop("community-wrong", ana);
  await page.getByRole("textbox", { name: m.community.admitSlots }).fill("1");
  await page.getByRole("button", { name: m.community.save }).click();
  await expect(page.getByText(m.community.saved)).toBeVisible();
  await second.getByRole("textbox", { name: m.community.admitSlots }).fill("5");
  await second.getByRole("button", { name: m.community.save }).click();
  await second.getByRole("button", { name: m.community.again }).click();
  await expect(second.getByRole("textbox", { name: m.community.admitSlots })).toHaveValue("1");
  await second.close();

  // Somebody asks, waits, reloads, and is let in by themselves.
  await leo.page.goto(node.url);
  await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
  await leo.page.getByRole("textbox", { name: m.entry.message }).fill("We met at the lighthouse");
  await walk.stop("ask", leo);
  await leo.page.getByRole("button", { name: m.entry.ask, exact: true }).click();
  await expect(leo.page.getByRole("heading", { name: m.entry.waitTitle })).toBeVisible();
  await leo.page.reload();
  await expect(leo.page.getByRole("heading", { name: m.entry.waitTitle })).toBeVisible();
  await walk.stop("ask-waiting", leo);
  await page.goto(node.url);
  await expect(page.getByText(m.entry.waiting(1))).toBeVisible();
  await walk.stop("hallway-request", ana);
  await page.getByRole("link", { name: m.entry.answer }).click();
  await expect(page.getByText("We met at the lighthouse")).toBeVisible();
  await walk.stop("community-requests", ana);
  await page.getByRole("button", { name: m.community.approveWhich("Léo") }).click();
  await expect(page.getByText(m.community.nobody)).toBeVisible();
  await expect(leo.page.getByRole("heading", { name: m.hallway.live })).toBeVisible({ timeout: 20_000 });
  await leo.page.goto(`${node.url}/community`);
  await expect(leo.page.getByText(m.community.founderOnly)).toBeVisible();
  await walk.stop("community-member", leo);

  // Somebody is refused.
  await mia.page.goto(node.url);
  await mia.page.getByRole("textbox", { name: m.join.name }).fill(mia.name);
  await mia.page.getByRole("button", { name: m.entry.ask, exact: true }).click();
  await page.getByRole("button", { name: m.community.declineWhich("Mia") }).click({ timeout: 20_000 });
  await expect(mia.page.getByRole("heading", { name: m.entry.declined })).toBeVisible({ timeout: 20_000 });
  await walk.stop("ask-declined", mia);
  await mia.page.getByRole("button", { name: m.entry.withdraw }).click();

  // The door opens.
  await page.getByRole("radio", { name: m.community.entryOpen }).check();
  await page.getByRole("button", { name: m.community.save }).click();
  await expect(page.getByText(m.community.saved)).toBeVisible();
  await mia.page.goto(node.url);
  await mia.page.getByRole("textbox", { name: m.join.name }).fill(mia.name);
  await walk.stop("open-door", mia);
  await mia.page.getByRole("button", { name: m.join.submit, exact: true }).click();
  await mia.page.getByRole("button", { name: m.recovery.later }).click();
  await mia.page.goto(`${node.url}/invites`);
  await expect(mia.page.getByText(m.earning.wayOpen)).toBeVisible();
  await walk.stop("invites-open", mia);
}
