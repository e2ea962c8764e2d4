// A walk through an evening: a community is founded, a room is opened, found, entered and moderated, its node goes and
// comes back.
import { expect } from "@playwright/test";
import type { Person } from "./people";
import type { Walk } from "./walk";

const title = "What the olive trees of the northern hills remember, and whom they told";

export async function walkEvening(walk: Walk): Promise<void> {
  const { m } = walk;
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou", { voice: "ana" });
  const leo = await walk.arrive("Léo", { voice: "leo" });
  const { page } = ana;
  await leo.page.goto(node.url);
  await walk.stop("stranger", leo);

  await page.goto(node.ownerLink);
  await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
  await walk.stop("found", ana);
  await page.getByRole("button", { name: m.join.submit, exact: true }).click();
  await expect(page.getByRole("heading", { name: m.recovery.title })).toBeVisible();
  await walk.stop("recovery", ana);
  await page.getByRole("button", { name: m.recovery.later }).click();
  await expect(page.getByRole("heading", { name: m.hallway.live })).toBeVisible();
  await walk.stop("hallway-empty", ana);

  const link = await walk.invite(ana);
  await walk.stop("invites", ana);
  await page.goto(`${node.url}/me`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await walk.stop("profile", ana);
  await page.goto(`${node.url}/node`);
  await page.getByRole("button", { name: m.node.test }).click();
  await expect(page.getByText(m.node.udpNear)).toBeVisible();
  await walk.stop("node", ana);
  await page.goto(`${node.url}/docs`);
  await page.getByText("/invites/{id}/revoke").click();
  await expect(page.getByRole("form", { name: m.docs.tryWhich("POST /invites/{id}/revoke") })).toBeVisible();
  await walk.stop("docs", ana);

  await leo.page.goto(link);
  await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
  await walk.stop("invite", leo);
  await leo.page.getByRole("button", { name: m.join.submit, exact: true }).click();
  await leo.page.getByRole("button", { name: m.recovery.later }).click();

  await walk.openStart(ana, title);
  await walk.stop("start-sheet", ana);
  await page.getByRole("button", { name: m.start.start, exact: true }).click();
  await expect(page.getByRole("region", { name: m.room.stage })).toBeVisible();

  await expect(leo.page.getByRole("link", { name: new RegExp(title) })).toBeVisible();
  await walk.stop("hallway", leo);
  await leo.page.getByRole("link", { name: new RegExp(title) }).click();
  await expect(leo.page.getByRole("button", { name: m.prejoin.listen })).toBeVisible();
  await walk.stop("prejoin", leo);
  await leo.page.getByRole("button", { name: m.prejoin.test }).click();
  await expect(leo.page.getByText(m.mic.levelHint)).toBeVisible();
  await walk.stop("prejoin-microphone", leo);
  await leo.page.getByRole("button", { name: m.prejoin.listen }).click();
  await walk.stop("room-listener", leo);
  await leo.page.getByRole("button", { name: m.reactions.title }).click();
  await walk.stop("reactions", leo);
  await leo.page.keyboard.press("Escape");
  await leo.page.getByRole("region", { name: m.room.stage }).getByRole("button", { name: /Anastas/ }).click();
  await expect(leo.page.getByRole("slider", { name: m.person.volume })).toBeVisible();
  await walk.stop("person-sheet-listener", leo);
  await leo.page.keyboard.press("Escape");

  // The stage is locked, and opened again: a hand comes with a question.
  const menu = async (who: Person, item: string) => {
    await who.page.getByRole("button", { name: m.room.menu }).click();
    await who.page.getByRole("dialog").getByRole("button", { name: item, exact: true }).click();
  };
  await menu(ana, m.settings.title);
  await page.getByRole("checkbox", { name: m.settings.lock }).click();
  await expect(leo.page.getByText(m.room.stageLocked).first()).toBeVisible();
  await walk.stop("room-locked", leo);
  await menu(leo, m.settings.title);
  await expect(leo.page.getByText(m.settings.did.locked(ana.name))).toBeVisible();
  await walk.stop("room-settings-listener", leo);
  await leo.page.keyboard.press("Escape");
  await page.getByRole("checkbox", { name: m.settings.lock }).click();
  await page.keyboard.press("Escape");
  await leo.page.getByRole("button", { name: m.room.ask }).click();
  await leo.page.getByRole("button", { name: m.room.questionSend }).click();
  await expect(leo.page.getByText(m.room.questionMissing)).toBeVisible();
  await walk.stop("question", leo);
  await leo.page.getByRole("textbox", { name: m.room.question }).fill("How old is the oldest of them, and who planted it?");
  await leo.page.getByRole("button", { name: m.room.questionSend }).click();
  await expect(leo.page.getByText(m.room.position(1))).toBeVisible();
  await walk.stop("room-queue", leo);

  await expect(page.getByRole("region", { name: m.room.hands })).toContainText("Léo");
  await walk.stop("room-moderator", ana);
  await page.getByRole("button", { name: m.room.inviteHand("Léo") }).click();
  await expect(leo.page.getByRole("button", { name: m.room.accept })).toBeVisible();
  await walk.stop("offer", leo);
  await leo.page.getByRole("button", { name: m.room.accept }).click();
  await leo.page.getByRole("button", { name: m.room.unmute, exact: true }).click();
  await expect(page.locator('[data-speaking="true"]')).toBeVisible();
  await walk.stop("room-talking", ana);
  await leo.page.getByRole("button", { name: m.room.mute, exact: true }).click();
  await expect(leo.page.getByText(m.room.speakingMuted)).toBeVisible();
  await walk.stop("room-muted", leo);
  await leo.page.getByRole("button", { name: m.room.menu }).click();
  await walk.stop("room-menu", leo);
  await leo.page.keyboard.press("Escape");
  await menu(leo, m.mic.settings);
  await expect(leo.page.getByRole("combobox", { name: m.mic.device })).toBeVisible();
  await walk.stop("sound", leo);
  await leo.page.keyboard.press("Escape");
  await menu(leo, m.shortcuts.title);
  await walk.stop("shortcuts", leo);
  await leo.page.keyboard.press("Escape");
  await menu(leo, m.apps.title);
  await walk.stop("apps", leo);
  await leo.page.getByRole("button", { name: m.apps.speak }).click();
  await expect(leo.page.getByRole("textbox", { name: m.apps.token })).toBeVisible();
  await leo.page.getByRole("textbox", { name: m.apps.token }).evaluate((box: HTMLInputElement) => (box.value = "A".repeat(26)));
  await walk.stop("apps-token", leo);
  await leo.page.keyboard.press("Escape");
  await page.getByRole("region", { name: m.room.stage }).getByRole("button", { name: /Léo/ }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await walk.stop("person-sheet", ana);
  await page.getByRole("button", { name: m.person.remove }).click();
  await walk.stop("remove-sheet", ana);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: m.room.leave }).click();
  await walk.stop("last-moderator", ana);
  await page.keyboard.press("Escape");
  await menu(ana, m.room.invite);
  await page.getByRole("button", { name: m.invites.create }).click();
  await expect(page.getByRole("textbox", { name: m.invites.link })).toHaveValue(/&room=/);
  await walk.stop("room-invite", ana);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: m.room.menu }).click();
  await walk.stop("room-menu-moderator", ana);
  await page.keyboard.press("Escape");
  await menu(ana, m.room.end);
  await walk.stop("room-end", ana);
  await page.keyboard.press("Escape");
  await menu(ana, m.settings.title);
  await expect(page.getByText(m.settings.verdicts.proven).first()).toBeVisible();
  await walk.stop("room-settings", ana);
  await page.keyboard.press("Escape");
  await page.goBack();
  await expect(page.getByRole("heading", { name: m.hallway.live })).toBeVisible();
  await walk.stop("hallway-mini-bar", ana);

  await node.end("SIGKILL");
  await expect(leo.page.getByText(m.room.reconnecting).first()).toBeVisible();
  await walk.stop("reconnecting", leo);
  await node.run();
  await expect(leo.page.getByText(m.room.reconnecting)).toHaveCount(0, { timeout: 30_000 });
}
