// A walk through every page and dialog, with somebody at each side of it: used to check them all, and to picture them.
import type { BrowserContextOptions } from "@playwright/test";
import { expect } from "@playwright/test";
import { en, type Messages } from "../src/app/i18n/en";
import { fr } from "../src/app/i18n/fr";
import { StoaNode } from "./node";
import { Person } from "./people";

/** How somebody looks at the pages. */
export interface Look {
  width: number;
  height: number;
  theme: "light" | "dark";
  language: "en" | "fr";
}

/** Called at each stop with the person who looks, once the page is still. */
export type Stop = (name: string, person: Person) => Promise<void>;

const elsewhere = "Songs and stories from ports around the Mediterranean";

const title = "What the olive trees of the northern hills remember, and whom they told";

export const catalogues: Readonly<Record<Look["language"], Messages>> = { en, fr };

/** Walks. Controls are found by their names in the language of the look. */
export async function walk(look: Look, stop: Stop): Promise<void> {
  const m = catalogues[look.language];
  const context: BrowserContextOptions = {
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    locale: look.language === "fr" ? "fr-FR" : "en-GB",
  };
  const node = await StoaNode.start();
  const other = await StoaNode.start([node]);
  const ana = await Person.arrive("Anastasía Papadopoúlou", { voice: "ana", ...context });
  const leo = await Person.arrive("Léo", { voice: "leo", ...context });
  try {
    const { page } = ana;
    await leo.page.goto(node.url);
    await stop("stranger", leo);

    await page.goto(node.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await stop("found", ana);
    await page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await expect(page.getByRole("heading", { name: m.recovery.title })).toBeVisible();
    await stop("recovery", ana);
    await page.getByRole("button", { name: m.recovery.later }).click();
    await expect(page.getByRole("heading", { name: m.hallway.live })).toBeVisible();
    await stop("hallway-empty", ana);

    await page.goto(`${node.url}/invites`);
    await page.getByRole("button", { name: m.invites.create }).click();
    const box = page.getByRole("textbox", { name: m.invites.link });
    await expect(box).toHaveValue(/\/i\/.+#/);
    await stop("invites", ana);
    const link = await box.inputValue();
    await page.goto(`${node.url}/me`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await stop("profile", ana);
    await page.goto(`${node.url}/node`);
    await page.getByRole("button", { name: m.node.test }).click();
    await expect(page.getByText(m.node.udpNear)).toBeVisible();
    await stop("node", ana);
    await page.goto(`${node.url}/docs`);
    await page.getByText("/invites/{id}/revoke").click();
    await expect(page.getByRole("form", { name: m.docs.tryWhich("POST /invites/{id}/revoke") })).toBeVisible();
    await stop("docs", ana);

    await leo.page.goto(link);
    await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
    await stop("invite", leo);
    await leo.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await leo.page.getByRole("button", { name: m.recovery.later }).click();

    await page.goto(node.url);
    await page.getByRole("button", { name: m.hallway.start }).first().click();
    await page.getByRole("textbox", { name: m.start.roomTitle }).fill(title);
    await stop("start-sheet", ana);
    await page.getByRole("button", { name: m.start.start, exact: true }).click();
    await expect(page.getByRole("region", { name: m.room.stage })).toBeVisible();

    await expect(leo.page.getByRole("link", { name: new RegExp(title) })).toBeVisible();
    await stop("hallway", leo);
    await leo.page.getByRole("link", { name: m.people.search }).click();
    await expect(leo.page.getByRole("link", { name: /Anastas/ })).toBeVisible();
    await stop("search-empty", leo);
    await leo.page.getByRole("searchbox").fill("ana");
    await expect(leo.page.getByRole("link", { name: new RegExp(title) })).toBeVisible();
    await stop("search", leo);
    await leo.page.getByRole("searchbox").fill("zzz");
    await expect(leo.page.getByText(m.people.nothingText)).toBeVisible();
    await stop("search-nothing", leo);
    await leo.page.goto(node.url);
    await leo.page.getByRole("button", { name: m.people.followTopics }).click();
    await leo.page.getByRole("dialog").getByRole("combobox").fill("olives,");
    await stop("follow-topics", leo);
    await leo.page.keyboard.press("Escape");
    await leo.page.getByRole("toolbar").getByRole("button", { name: "olives" }).click();
    await expect(leo.page.getByText(m.people.noneOn("olives"))).toBeVisible();
    await stop("hallway-topic", leo);
    await leo.page.getByRole("button", { name: m.people.showAll }).click();
    await leo.page.getByRole("link", { name: new RegExp(title) }).click();
    await expect(leo.page.getByRole("button", { name: m.prejoin.listen })).toBeVisible();
    await stop("prejoin", leo);
    await leo.page.getByRole("button", { name: m.prejoin.listen }).click();
    await stop("room-listener", leo);
    await leo.page.getByRole("button", { name: m.room.raise }).click();
    await expect(page.getByRole("region", { name: m.room.hands })).toContainText("Léo");
    await stop("room-moderator", ana);
    await page.getByRole("button", { name: m.room.inviteHand("Léo") }).click();
    await expect(leo.page.getByRole("button", { name: m.room.accept })).toBeVisible();
    await stop("offer", leo);
    await leo.page.getByRole("button", { name: m.room.accept }).click();
    await leo.page.getByRole("button", { name: m.room.unmute, exact: true }).click();
    await expect(page.locator('[data-speaking="true"]')).toBeVisible();
    await stop("room-talking", ana);
    await leo.page.getByRole("button", { name: m.room.menu }).click();
    await leo.page.getByRole("button", { name: m.apps.title }).click();
    await stop("apps", leo);
    await leo.page.getByRole("button", { name: m.apps.speak }).click();
    await expect(leo.page.getByRole("textbox", { name: m.apps.token })).toBeVisible();
    await leo.page.getByRole("textbox", { name: m.apps.token }).evaluate((box: HTMLInputElement) => (box.value = "A".repeat(26)));
    await stop("apps-token", leo);
    await leo.page.keyboard.press("Escape");
    await page.getByRole("region", { name: m.room.stage }).getByRole("button", { name: /Léo/ }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await stop("person-sheet", ana);
    await page.getByRole("button", { name: m.person.remove }).click();
    await stop("remove-sheet", ana);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: m.room.leave }).click();
    await stop("last-moderator", ana);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: m.room.menu }).click();
    await page.getByRole("button", { name: m.settings.title }).click();
    await expect(page.getByText(m.settings.verdicts.proven).first()).toBeVisible();
    await stop("room-settings", ana);
    await page.keyboard.press("Escape");
    await page.goBack();
    await expect(page.getByRole("heading", { name: m.hallway.live })).toBeVisible();
    await stop("hallway-mini-bar", ana);

    await node.end("SIGKILL");
    await expect(leo.page.getByText(m.room.reconnecting).first()).toBeVisible();
    await stop("reconnecting", leo);
    await node.run();
    await expect(leo.page.getByText(m.room.reconnecting)).toHaveCount(0, { timeout: 30_000 });

    await leo.page.goto(`${node.url}/r/${"A".repeat(43)}`);
    await expect(leo.page.getByRole("heading", { level: 1 })).toBeVisible();
    await stop("room-unknown", leo);
    await leo.page.goto(`${node.url}/nowhere`);
    await expect(leo.page.getByRole("heading", { level: 1 })).toBeVisible();
    await stop("not-found", leo);
    await leo.page.goto(`${node.url}/#owner=${"x".repeat(43)}`);
    await expect(leo.page.getByRole("heading", { level: 1 })).toBeVisible();
    await stop("already-founded", leo);

    // A room of another community, on another node.
    await page.goto(other.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await page.getByRole("textbox", { name: m.join.communityName }).fill("Café du Vieux-Port");
    await page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await page.getByRole("button", { name: m.recovery.later }).click();
    await page.getByRole("button", { name: m.hallway.start }).first().click();
    await page.getByRole("textbox", { name: m.start.roomTitle }).fill(elsewhere);
    await page.getByRole("button", { name: m.start.start, exact: true }).click();
    await leo.page.goto(node.url);
    await expect(leo.page.getByRole("link", { name: new RegExp(elsewhere) })).toBeVisible();
    await stop("hallway-others", leo);
    await leo.page.getByRole("link", { name: new RegExp(elsewhere) }).click();
    await stop("prejoin-elsewhere", leo);
    await leo.page.getByRole("button", { name: m.prejoin.listen }).click();
    await expect(leo.page.getByRole("region", { name: m.room.stage })).toContainText(ana.name.slice(0, 8));
    await stop("room-elsewhere", leo);
    await other.end("SIGKILL");
    await expect(leo.page.getByText(m.room.hostLost).first()).toBeVisible();
    await stop("host-lost", leo);
  } finally {
    await leo.leave();
    await ana.leave();
    await other.destroy();
    await node.destroy();
  }
}
