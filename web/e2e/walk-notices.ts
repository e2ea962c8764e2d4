// A walk through what one is told: nothing yet, what one wants to be told and when not, and a room that opens.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

const title = "Bread for the night watch";

export async function walkNotices(walk: Walk): Promise<void> {
  const { m } = walk;
  const n = m.notices;
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo", { permissions: ["notifications"] });
  await walk.found(ana, node);
  await walk.join(leo, await walk.invite(ana));
  const { page } = leo;
  await page.goto(`${node.url}/notices`);
  await expect(page.getByText(n.none)).toBeVisible();
  await walk.stop("notices-empty", leo);

  // What to be told, the hours in which not, and whether with the page closed; in a browser that allows it, and in one that does not.
  await page.getByRole("link", { name: n.choose }).click();
  const wishes = page.getByRole("region", { name: n.title, exact: true });
  await wishes.getByRole("checkbox", { name: n.community }).check();
  await expect(wishes.getByRole("heading", { name: n.closed })).toBeVisible();
  const quiet = wishes.getByRole("checkbox", { name: new RegExp(n.quietHours) });
  await quiet.check();
  await expect(wishes.getByLabel(n.zone)).toBeVisible();
  await walk.stop("notice-settings", leo, wishes.getByLabel(n.zone));
  await quiet.uncheck();
  await expect(wishes.getByLabel(n.zone)).toHaveCount(0);
  await ana.page.goto(`${node.url}/me`);
  const closed = ana.page.getByRole("heading", { name: n.closed });
  await expect(closed).toBeVisible();
  await walk.stop("notice-settings-closed", ana, closed);

  // A room opens: it is said at once, counted at the bell, and kept.
  await page.goto(`${node.url}/calendar`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await walk.startRoom(ana, title);
  await expect(page.getByRole("button", { name: n.open, exact: true })).toBeVisible();
  await walk.stop("notice", leo);
  await page.getByRole("link", { name: n.unread(1) }).click();
  await expect(page.getByRole("link", { name: title })).toBeVisible();
  await walk.stop("notices", leo);
}
