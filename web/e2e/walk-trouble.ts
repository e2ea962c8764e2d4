// A walk through what goes wrong: links that lead nowhere, files that open nothing, a microphone that is refused, a room that
// one has to leave, and browsers or nodes that cannot.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

const title = "Under the fig tree";

export async function walkTrouble(walk: Walk): Promise<void> {
  const { m } = walk;
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo");
  const mia = await walk.arrive("Mia");
  const { page } = leo;
  const heading = (name: string) => page.getByRole("heading", { name, exact: true });

  // Links, and the recovery file.
  await page.goto(node.url);
  await expect(heading(m.stranger.unfoundedTitle)).toBeVisible();
  await walk.stop("unfounded", leo);
  await page.goto(node.ownerLink.slice(0, -30));
  await expect(heading(m.join.ownerUnusable)).toBeVisible();
  await walk.stop("owner-link-cut", leo);
  await walk.found(ana, node);
  const link = await walk.invite(ana);
  await page.goto(link.slice(0, -10));
  await expect(page.getByText(m.join.linkCut)).toBeVisible();
  await walk.stop("invite-cut", leo);
  await walk.join(leo, link);
  await mia.page.goto(link);
  await expect(mia.page.getByRole("heading", { name: m.join.unusable })).toBeVisible();
  await walk.stop("invite-used", mia);
  await mia.page.getByRole("link", { name: m.stranger.restore }).click();
  await mia.page.getByRole("button", { name: m.restore.submit }).click();
  await expect(mia.page.getByText(m.restore.fileMissing)).toBeVisible();
  await walk.stop("restore-wrong", mia);
  await page.goto(link);
  await expect(heading(m.already.title)).toBeVisible();
  await walk.stop("already-member", leo);
  await page.goto(`${node.url}/#owner=${"x".repeat(43)}`);
  await expect(heading(m.already.title)).toBeVisible();
  await walk.stop("already-founded", leo);
  await page.goto(`${node.url}/nowhere`);
  await expect(heading(m.notFound.title)).toBeVisible();
  await walk.stop("not-found", leo);
  await page.goto(`${node.url}/r/${"A".repeat(43)}`);
  await expect(heading(m.unknownRoom.title)).toBeVisible();
  await walk.stop("room-unknown", leo);

  // A room, without a microphone; and out of it.
  const room = await walk.startRoom(ana, title);
  await page.goto(room);
  await page.getByRole("button", { name: m.prejoin.microphone }).click();
  await expect(page.getByRole("button", { name: m.mic.keepListening })).toBeVisible();
  await walk.stop("microphone-refused", leo);
  await page.getByRole("button", { name: m.mic.keepListening }).click();
  await expect(page.getByRole("region", { name: m.room.stage })).toBeVisible();
  await ana.page.getByRole("button", { name: m.room.leave }).click();
  await walk.stop("last-moderator-alone", ana);
  await ana.page.getByRole("button", { name: m.room.stay }).click();
  await ana.page.getByRole("region", { name: m.room.audience }).getByRole("button", { name: /Léo/ }).click();
  await ana.page.getByRole("button", { name: m.person.remove }).click();
  await ana.page.getByRole("textbox", { name: m.person.reason }).fill("Only a trial");
  await ana.page.getByRole("button", { name: m.person.removeConfirm, exact: true }).click();
  await expect(heading(m.removed.title)).toBeVisible();
  await walk.stop("removed", leo);
  await ana.page.getByRole("button", { name: m.room.menu }).click();
  await ana.page.getByRole("button", { name: m.settings.title }).click();
  const undo = ana.page.getByRole("button", { name: m.settings.undoWhich("Léo") });
  await expect(undo).toBeVisible();
  await walk.stop("room-settings-removed", ana, undo);
  await ana.page.getByRole("dialog").getByRole("button", { name: m.room.end }).click();
  await ana.page.getByRole("button", { name: m.room.endConfirm }).click();
  await expect(ana.page.getByRole("heading", { name: m.ended.title })).toBeVisible();
  await walk.stop("room-ended", ana);

  // A browser that lacks something, and a node that does not answer.
  await mia.page.addInitScript(() => { Reflect.deleteProperty(window, "RTCPeerConnection"); });
  await mia.page.goto(node.url);
  await expect(mia.page.getByRole("heading", { name: m.problem.oldTitle })).toBeVisible();
  await walk.stop("browser-old", mia);
  await page.route("**/api/**", (route) => route.abort());
  await page.goto(node.url);
  await expect(heading(m.problem.offline)).toBeVisible();
  await walk.stop("offline", leo);
}
