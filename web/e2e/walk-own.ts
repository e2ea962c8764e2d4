// A walk through what is one's own: the ways to forget, to be forgotten and to be signed out, and a node that asks.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

export async function walkOwn(walk: Walk): Promise<void> {
  const { m } = walk;
  const node = await walk.node();
  const other = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo");
  const { page } = ana;
  await walk.found(ana, node);
  await walk.join(leo, await walk.invite(ana));

  // The founder's own part of the profile, and a node that asks.
  await page.goto(`${node.url}/me`);
  await walk.stop("profile-founder", ana, page.getByText(m.own.founderStays));
  await leo.page.goto(other.ownerLink);
  const request = leo.page.getByRole("region", { name: m.request.title });
  await request.getByRole("textbox", { name: m.request.address }).fill(node.url);
  await request.getByRole("button", { name: m.request.make }).click();
  const link = request.getByRole("textbox", { name: m.request.link });
  await expect(link).toHaveValue(/#add=/);
  await walk.stop("node-request", leo, request);
  await page.goto(await link.inputValue());
  await expect(page.getByRole("button", { name: m.nodes.requestApprove })).toBeVisible();
  await walk.stop("node-asked", ana);

  // The file, saved; a second browser by it, signed out again.
  await leo.page.goto(`${node.url}/me`);
  await leo.page.getByRole("button", { name: m.profile.forget }).click();
  await expect(leo.page.getByRole("dialog")).toBeVisible();
  await walk.stop("forget", leo);
  await leo.page.getByRole("link", { name: m.key.forgetFirst }).click();
  await leo.page.getByRole("textbox", { name: m.recovery.passphrase }).fill("olives and figs");
  const coming = leo.page.waitForEvent("download");
  await leo.page.getByRole("button", { name: m.recovery.save }).click();
  const file = await (await coming).path();
  await expect(leo.page.getByRole("button", { name: m.key.fileAgain })).toBeVisible();
  const desk = await walk.arrive("Léo");
  const elsewhere = desk.page;
  await elsewhere.goto(`${node.url}/restore`);
  await elsewhere.getByLabel(m.restore.file, { exact: true }).setInputFiles(file);
  await elsewhere.getByRole("textbox", { name: m.restore.passphrase }).fill("olives and figs");
  await elsewhere.getByRole("button", { name: m.restore.submit }).click();
  await expect(elsewhere.getByRole("heading", { name: m.hallway.live })).toBeVisible();
  await leo.page.reload();
  const sessions = leo.page.getByRole("region", { name: m.own.sessions });
  await expect(sessions.getByRole("listitem")).toHaveCount(2);
  await walk.stop("profile-sessions", leo, sessions);
  await elsewhere.goto(`${node.url}/me`);
  await elsewhere.getByRole("button", { name: m.own.signOutOthers(1) }).click();
  await leo.page.reload();
  await expect(leo.page.getByRole("button", { name: m.farewell.signIn })).toBeVisible();
  await walk.stop("signed-out", leo);
  await leo.page.getByRole("button", { name: m.farewell.signIn }).click();

  // Leaving for good.
  await leo.page.getByRole("button", { name: m.own.erase, exact: true }).click();
  const dialog = leo.page.getByRole("dialog", { name: m.own.eraseTitle });
  await expect(dialog).toBeVisible();
  await walk.stop("erase", leo);
  await dialog.getByRole("textbox").fill("Leo?");
  await dialog.getByRole("button", { name: m.own.eraseConfirm }).click();
  await expect(dialog.getByText(m.own.eraseNameWrong)).toBeVisible();
  await walk.stop("erase-wrong", leo);
  await dialog.getByRole("textbox").fill("Léo");
  await dialog.getByRole("button", { name: m.own.eraseConfirm }).click();
  await expect(leo.page.getByRole("heading", { name: m.farewell.erasedTitle })).toBeVisible({ timeout: 30_000 });
  await walk.stop("erased", leo);

  // The node is lost, and restored from its backup.
  await node.restore(await node.backup());
  await page.goto(node.url);
  const banner = page.getByRole("complementary", { name: m.restored.title });
  await expect(banner).toBeVisible();
  await walk.stop("restored", ana);
  await banner.getByRole("link").click();
  await expect(page.getByRole("button", { name: m.nodes.requestApprove })).toBeVisible();
  await walk.stop("node-restored", ana);
  await page.getByRole("button", { name: m.nodes.requestApprove }).click();
  await expect(page.getByRole("button", { name: m.nodes.beforeWithdraw })).toBeVisible();
  await walk.stop("node-before", ana);
}
