// A walk past the doors of rooms: public ones, heard by somebody who is no member, and those for chosen people.
import { expect } from "@playwright/test";
import { guests } from "./guests";
import type { Walk } from "./walk";

const title = "Songs and stories from ports around the Mediterranean";

export async function walkDoor(walk: Walk): Promise<void> {
  const { m } = walk;
  const inApp = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou", { voice: "ana" });
  const leo = await walk.arrive("Léo");
  const zoe = await walk.arrive("Zoé");
  const kim = await walk.arrive("Kim", { userAgent: inApp });
  const { page } = ana;
  await walk.found(ana, node);
  await walk.join(leo, await walk.invite(ana));
  const link = await walk.invite(ana);

  // The three entries of the start sheet.
  await walk.openStart(ana, title);
  const sheet = page.getByRole("dialog", { name: m.start.title });
  await sheet.getByRole("radio", { name: m.door.chosenOption }).check();
  await sheet.getByRole("button", { name: m.start.start, exact: true }).click();
  await expect(sheet.getByText(m.door.chooseNobody)).toBeVisible();
  await sheet.getByRole("combobox", { name: m.door.choose, exact: true }).fill("lé");
  await expect(sheet.getByRole("option", { name: /Léo/ })).toBeVisible();
  await walk.stop("start-chosen-list", ana);
  await page.keyboard.press("Enter");
  await walk.stop("start-chosen", ana);
  await sheet.getByRole("radio", { name: m.door.publicOption }).check();
  await walk.stop("start-public", ana);
  await sheet.getByRole("button", { name: m.start.start, exact: true }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  const address = page.url();
  const room = address.split("/").at(-1) ?? "";

  // A stranger before it, inside another app, in it, and on the way to be a member.
  await kim.page.goto(address);
  await expect(kim.page.getByText(m.door.inApp)).toBeVisible();
  await walk.stop("door-in-app", kim);
  await zoe.page.goto(address);
  await expect(zoe.page.getByRole("button", { name: m.door.justListen })).toBeVisible();
  await walk.stop("door-public", zoe);
  await zoe.page.goto(`${link}&room=${room}`);
  await expect(zoe.page.getByRole("button", { name: m.door.justListen })).toBeVisible();
  await walk.stop("invite-public-room", zoe);
  await zoe.page.goto(address);
  await zoe.page.getByRole("button", { name: m.door.justListen }).click();
  await expect(zoe.page.getByText(m.door.asGuest)).toBeVisible();
  await walk.stop("room-guest", zoe);
  await expect(page.getByText(m.door.audience(0, 1))).toBeVisible();
  await zoe.page.getByRole("button", { name: m.room.menu }).click();
  await walk.stop("room-guest-menu", zoe);
  await zoe.page.keyboard.press("Escape");
  await zoe.page.getByRole("button", { name: m.join.submit, exact: true }).click();
  await walk.stop("join-sheet", zoe);
  await zoe.page.getByRole("textbox", { name: m.door.inviteLink }).fill(link);
  await zoe.page.getByRole("button", { name: m.common.goOn }).click();
  await expect(zoe.page.getByRole("textbox", { name: m.join.name })).toBeVisible();
  await walk.stop("join-sheet-invite", zoe);
  await zoe.page.keyboard.press("Escape");
  const second = await zoe.page.context().newPage();
  await second.goto(address);
  await second.getByRole("button", { name: m.prejoin.listenHere }).click();
  await expect(zoe.page.getByRole("heading", { name: m.replaced.title })).toBeVisible();
  await walk.stop("room-in-other-tab", zoe);
  await second.close();

  // No place.
  const places = await guests(node.url, room, 200);
  await kim.page.getByRole("button", { name: m.door.justListen }).click();
  await expect(kim.page.getByText(m.door.waiting)).toBeVisible();
  await walk.stop("room-full", kim);
  await kim.page.getByRole("button", { name: m.door.stopWaiting }).click();
  for (const free of places) await free();
  await zoe.page.getByRole("button", { name: m.replaced.action }).click();
  await expect(zoe.page.getByText(m.door.asGuest)).toBeVisible();

  // A moderator changes who may enter.
  await page.getByRole("button", { name: m.room.menu }).click();
  await page.getByRole("button", { name: m.settings.title }).click();
  const settings = page.getByRole("dialog", { name: m.settings.title });
  await settings.getByRole("radio", { name: m.door.chosenOption }).check();
  await expect(settings.getByText(m.door.leaving.chosen(1))).toBeVisible();
  await walk.stop("settings-entry", ana);
  await settings.getByRole("button", { name: m.door.change }).click();
  await expect(zoe.page.getByRole("heading", { name: m.door.chosenOnly })).toBeVisible();
  await walk.stop("put-out", zoe);
  await zoe.page.reload();
  await expect(zoe.page.getByText(m.door.chosenOnly)).toBeVisible();
  await walk.stop("stranger-chosen", zoe);
  await leo.page.goto(address);
  await expect(leo.page.getByRole("heading", { name: m.door.chosenOnly })).toBeVisible();
  await walk.stop("not-chosen", leo);
}
