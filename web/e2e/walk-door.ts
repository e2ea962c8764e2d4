// A walk past the doors of rooms: public ones, heard by somebody who is no member, and those for chosen people.
import type { BrowserContextOptions } from "@playwright/test";
import { expect } from "@playwright/test";
import { guests } from "./guests";
import { StoaNode } from "./node";
import { Person } from "./people";
import { catalogues, type Look, type Stop } from "./walk";

const title = "Songs and stories from ports around the Mediterranean";

/** Walks, as walk.ts does. */
export async function walkDoor(look: Look, stop: Stop): Promise<void> {
  const m = catalogues[look.language];
  const context: BrowserContextOptions = {
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    locale: look.language === "fr" ? "fr-FR" : "en-GB",
  };
  const inApp = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
  const node = await StoaNode.start();
  const ana = await Person.arrive("Anastasía Papadopoúlou", { voice: "ana", ...context });
  const leo = await Person.arrive("Léo", context);
  const zoe = await Person.arrive("Zoé", context);
  const kim = await Person.arrive("Kim", { ...context, userAgent: inApp });
  try {
    const { page } = ana;
    await page.goto(node.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await page.getByRole("button", { name: m.recovery.later }).click();
    const invite = async (): Promise<string> => {
      await page.goto(`${node.url}/invites`);
      await page.getByRole("button", { name: m.invites.create }).click();
      const box = page.getByRole("textbox", { name: m.invites.link });
      await expect(box).toHaveValue(/\/i\/.+#/);
      return box.inputValue();
    };
    await leo.page.goto(await invite());
    await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
    await leo.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await leo.page.getByRole("button", { name: m.recovery.later }).click();
    const link = await invite();

    // The three entries of the start sheet.
    await page.goto(node.url);
    await page.getByRole("button", { name: m.hallway.start }).first().click();
    const sheet = page.getByRole("dialog", { name: m.start.title });
    await sheet.getByRole("textbox", { name: m.start.roomTitle }).fill(title);
    await sheet.getByRole("radio", { name: m.door.chosenOption }).check();
    await sheet.getByRole("button", { name: m.start.start, exact: true }).click();
    await expect(sheet.getByText(m.door.chooseNobody)).toBeVisible();
    await sheet.getByRole("combobox", { name: m.door.choose, exact: true }).fill("lé");
    await expect(sheet.getByRole("option", { name: /Léo/ })).toBeVisible();
    await stop("start-chosen-list", ana);
    await page.keyboard.press("Enter");
    await stop("start-chosen", ana);
    await sheet.getByRole("radio", { name: m.door.publicOption }).check();
    await stop("start-public", ana);
    await sheet.getByRole("button", { name: m.start.start, exact: true }).click();
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    const address = page.url();
    const room = address.split("/").at(-1) ?? "";

    // A stranger before it, inside another app, in it, and on the way to be a member.
    await kim.page.goto(address);
    await expect(kim.page.getByText(m.door.inApp)).toBeVisible();
    await stop("door-in-app", kim);
    await zoe.page.goto(address);
    await expect(zoe.page.getByRole("button", { name: m.door.justListen })).toBeVisible();
    await stop("door-public", zoe);
    await zoe.page.goto(`${link}&room=${room}`);
    await expect(zoe.page.getByRole("button", { name: m.door.justListen })).toBeVisible();
    await stop("invite-public-room", zoe);
    await zoe.page.goto(address);
    await zoe.page.getByRole("button", { name: m.door.justListen }).click();
    await expect(zoe.page.getByText(m.door.asGuest)).toBeVisible();
    await stop("room-guest", zoe);
    await expect(page.getByText(m.door.audience(0, 1))).toBeVisible();
    await zoe.page.getByRole("button", { name: m.room.menu }).click();
    await stop("room-guest-menu", zoe);
    await zoe.page.keyboard.press("Escape");
    await zoe.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await stop("join-sheet", zoe);
    await zoe.page.getByRole("textbox", { name: m.door.inviteLink }).fill(link);
    await zoe.page.getByRole("button", { name: m.common.goOn }).click();
    await expect(zoe.page.getByRole("textbox", { name: m.join.name })).toBeVisible();
    await stop("join-sheet-invite", zoe);
    await zoe.page.keyboard.press("Escape");
    const second = await zoe.page.context().newPage();
    await second.goto(address);
    await second.getByRole("button", { name: m.prejoin.listenHere }).click();
    await expect(zoe.page.getByRole("heading", { name: m.replaced.title })).toBeVisible();
    await stop("room-in-other-tab", zoe);
    await second.close();

    // No place.
    const places = await guests(node.url, room, 200);
    await kim.page.getByRole("button", { name: m.door.justListen }).click();
    await expect(kim.page.getByText(m.door.waiting)).toBeVisible();
    await stop("room-full", kim);
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
    await stop("settings-entry", ana);
    await settings.getByRole("button", { name: m.door.change }).click();
    await expect(zoe.page.getByRole("heading", { name: m.door.chosenOnly })).toBeVisible();
    await stop("put-out", zoe);
    await zoe.page.reload();
    await expect(zoe.page.getByText(m.door.chosenOnly)).toBeVisible();
    await stop("stranger-chosen", zoe);
    await leo.page.goto(address);
    await expect(leo.page.getByRole("heading", { name: m.door.chosenOnly })).toBeVisible();
    await stop("not-chosen", leo);
  } finally {
    for (const who of [kim, zoe, leo, ana]) await who.leave();
    await node.destroy();
  }
}
