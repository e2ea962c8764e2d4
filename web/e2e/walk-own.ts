// A walk through what is one's own: the ways to forget, to be forgotten and to be signed out, and a node that asks.
import type { BrowserContextOptions } from "@playwright/test";
import { expect } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { catalogues, type Look, type Stop } from "./walk";

/** Walks, as walk.ts does. */
export async function walkOwn(look: Look, stop: Stop): Promise<void> {
  const m = catalogues[look.language];
  const context: BrowserContextOptions = {
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    locale: look.language === "fr" ? "fr-FR" : "en-GB",
  };
  const node = await StoaNode.start();
  const other = await StoaNode.start();
  const ana = await Person.arrive("Anastasía Papadopoúlou", context);
  const leo = await Person.arrive("Léo", context);
  try {
    const { page } = ana;
    await page.goto(node.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await page.getByRole("button", { name: m.recovery.later }).click();
    await page.goto(`${node.url}/invites`);
    await page.getByRole("button", { name: m.invites.create }).click();
    const box = page.getByRole("textbox", { name: m.invites.link });
    await expect(box).toHaveValue(/\/i\/.+#/);
    await leo.page.goto(await box.inputValue());
    await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
    await leo.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await leo.page.getByRole("button", { name: m.recovery.later }).click();

    // The founder's own part of the profile, and a node that asks.
    await page.goto(`${node.url}/me`);
    await page.getByText(m.own.founderStays).scrollIntoViewIfNeeded();
    await stop("profile-founder", ana);
    await leo.page.goto(other.ownerLink);
    const request = leo.page.getByRole("region", { name: m.own.requestTitle });
    await request.getByRole("textbox", { name: m.own.requestAddress }).fill(node.url);
    await request.getByRole("button", { name: m.own.requestMake }).click();
    const link = request.getByRole("textbox", { name: m.own.requestLink });
    await expect(link).toHaveValue(/#add=/);
    await request.scrollIntoViewIfNeeded();
    await stop("node-request", leo);
    await page.goto(await link.inputValue());
    await expect(page.getByRole("button", { name: m.own.requestApprove })).toBeVisible();
    await stop("node-asked", ana);

    // The file, saved; a second browser by it, signed out again.
    await leo.page.goto(`${node.url}/me`);
    await leo.page.getByRole("button", { name: m.profile.forget }).click();
    await expect(leo.page.getByRole("dialog")).toBeVisible();
    await stop("forget", leo);
    await leo.page.getByRole("link", { name: m.own.forgetFirst }).click();
    await leo.page.getByRole("textbox", { name: m.recovery.passphrase }).fill("olives and figs");
    const coming = leo.page.waitForEvent("download");
    await leo.page.getByRole("button", { name: m.recovery.save }).click();
    const file = await (await coming).path();
    await expect(leo.page.getByRole("button", { name: m.own.fileAgain })).toBeVisible();
    const elsewhere = await (await leo.browser.newContext({ reducedMotion: "reduce", ...context })).newPage();
    await elsewhere.goto(`${node.url}/restore`);
    await elsewhere.getByLabel(m.restore.file, { exact: true }).setInputFiles(file);
    await elsewhere.getByRole("textbox", { name: m.restore.passphrase }).fill("olives and figs");
    await elsewhere.getByRole("button", { name: m.restore.submit }).click();
    await expect(elsewhere.getByRole("heading", { name: m.hallway.live })).toBeVisible();
    await leo.page.reload();
    const sessions = leo.page.getByRole("region", { name: m.own.sessions });
    await expect(sessions.getByRole("listitem")).toHaveCount(2);
    await sessions.scrollIntoViewIfNeeded();
    await stop("profile-sessions", leo);
    await elsewhere.goto(`${node.url}/me`);
    await elsewhere.getByRole("button", { name: m.own.signOutOthers(1) }).click();
    await elsewhere.close();
    await leo.page.reload();
    await expect(leo.page.getByRole("button", { name: m.own.signIn })).toBeVisible();
    await stop("signed-out", leo);
    await leo.page.getByRole("button", { name: m.own.signIn }).click();

    // Leaving for good.
    await leo.page.getByRole("button", { name: m.own.erase, exact: true }).click();
    const dialog = leo.page.getByRole("dialog", { name: m.own.eraseTitle });
    await expect(dialog).toBeVisible();
    await stop("erase", leo);
    await dialog.getByRole("textbox").fill("Leo?");
    await dialog.getByRole("button", { name: m.own.eraseConfirm }).click();
    await expect(dialog.getByText(m.own.eraseNameWrong)).toBeVisible();
    await stop("erase-wrong", leo);
    await dialog.getByRole("textbox").fill("Léo");
    await dialog.getByRole("button", { name: m.own.eraseConfirm }).click();
    await expect(leo.page.getByRole("heading", { name: m.own.erasedTitle })).toBeVisible({ timeout: 30_000 });
    await stop("erased", leo);

    // The node is lost, and restored from its backup.
    await node.restore(await node.backup());
    await page.goto(node.url);
    const banner = page.getByRole("complementary", { name: m.restored.title });
    await expect(banner).toBeVisible();
    await stop("restored", ana);
    await banner.getByRole("link").click();
    await expect(page.getByRole("button", { name: m.own.requestApprove })).toBeVisible();
    await stop("node-restored", ana);
    await page.getByRole("button", { name: m.own.requestApprove }).click();
    await expect(page.getByRole("button", { name: m.own.beforeWithdraw })).toBeVisible();
    await stop("node-before", ana);
  } finally {
    await leo.leave();
    await ana.leave();
    await other.destroy();
    await node.destroy();
  }
}
