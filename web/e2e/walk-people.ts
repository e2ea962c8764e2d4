// A walk to other people: they are looked for, seen as they say themselves, followed and blocked; and so are the rooms of
// another community.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

const title = "Songs and stories from ports around the Mediterranean";

export async function walkPeople(walk: Walk): Promise<void> {
  const { m } = walk;
  const node = await walk.node();
  const other = await walk.node(node);
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo");
  const { page } = leo;
  const mia = await walk.arrive("Mia");
  await walk.found(leo, node);
  await walk.join(mia, await walk.invite(leo));
  await walk.found(ana, other, "Café du Vieux-Port");

  // What one says of oneself.
  await ana.page.goto(`${other.url}/me`);
  const said = ana.page.getByRole("region", { name: m.profile.edit });
  await said.getByRole("textbox", { name: m.profile.bio }).fill("I collect what sailors sang, and sometimes sing it.");
  await said.getByRole("combobox", { name: m.profile.topics }).fill("songs,");
  await said.getByRole("combobox", { name: m.profile.languages }).selectOption("el");
  await said.getByRole("textbox", { name: m.profile.links }).fill("ftp://songs.example");
  await said.getByRole("button", { name: m.profile.save, exact: true }).click();
  await expect(said.getByText(m.profile.linksWrong)).toBeVisible();
  await walk.stop("profile-wrong", ana, said.getByText(m.profile.linksWrong));
  await said.getByRole("textbox", { name: m.profile.links }).fill("https://songs.example/ports");
  await said.getByRole("button", { name: m.profile.save, exact: true }).click();
  await expect(ana.page.getByText(m.profile.saved)).toBeVisible();
  await walk.stop("profile-saved", ana);

  // Rooms and people are looked for, and topics.
  await walk.openStart(ana, title);
  await ana.page.getByRole("combobox", { name: m.start.topics }).fill("songs,");
  await ana.page.getByRole("button", { name: m.start.start, exact: true }).click();
  await expect(ana.page.getByRole("region", { name: m.room.stage })).toBeVisible();
  await page.goto(node.url);
  await expect(page.getByRole("link", { name: title })).toBeVisible();
  await walk.stop("hallway-others", leo);
  await page.getByRole("link", { name: m.people.search }).click();
  await expect(page.getByText(m.people.everybody)).toBeVisible();
  await walk.stop("search-empty", leo);
  await page.getByRole("searchbox").fill("ana");
  await expect(page.getByRole("link", { name: title })).toBeVisible();
  await walk.stop("search", leo);
  await page.getByRole("searchbox").fill("zzz");
  await expect(page.getByText(m.people.nothingText)).toBeVisible();
  await walk.stop("search-nothing", leo);
  await page.goto(node.url);
  await page.getByRole("button", { name: m.people.followTopics }).click();
  await page.getByRole("dialog").getByRole("combobox").fill("olives,");
  await walk.stop("follow-topics", leo);
  await page.keyboard.press("Escape");
  await page.getByRole("toolbar").getByRole("button", { name: "olives" }).click();
  await expect(page.getByText(m.people.noneOn("olives"))).toBeVisible();
  await walk.stop("hallway-topic", leo);
  await page.getByRole("button", { name: m.people.showAll }).click();

  // The room of another community, from its door to the loss of its host.
  await page.getByRole("link", { name: title }).click();
  await expect(page.getByRole("button", { name: m.prejoin.listen })).toBeVisible();
  await walk.stop("prejoin-elsewhere", leo);
  await page.getByRole("button", { name: m.prejoin.listen }).click();
  await expect(page.getByRole("region", { name: m.room.stage })).toContainText("Anastas");
  const room = page.url();
  await walk.stop("room-elsewhere", leo);
  await page.getByRole("region", { name: m.room.stage }).getByRole("button", { name: /Anastas/ }).click();
  await page.getByRole("dialog").getByRole("link", { name: m.person.profile }).click();
  await expect(page.getByText("I collect what sailors sang")).toBeVisible();
  const profile = page.url();
  await walk.stop("person", leo);
  await page.getByRole("button", { name: m.person.follow, exact: true }).click();
  await page.goto(node.url);
  await expect(page.getByRole("heading", { name: m.hallway.following, exact: true })).toBeVisible();
  await walk.stop("hallway-following", leo);
  await page.getByRole("button", { name: m.room.leave }).click();
  await page.getByRole("button", { name: m.hallway.options(title) }).click();
  await walk.stop("card-sheet", leo);
  await page.getByRole("dialog").getByRole("button", { name: m.hallway.hide("Café du Vieux-Port") }).click();
  await page.getByText(m.hallway.hidden(1)).click();
  await expect(page.getByRole("button", { name: m.hallway.showAgainWhich("Café du Vieux-Port") })).toBeVisible();
  await walk.stop("hallway-hidden", leo);
  await page.goto(profile);
  await page.getByRole("button", { name: m.person.block, exact: true }).click();
  await expect(page.getByText(m.person.blocked)).toBeVisible();
  await walk.stop("person-blocked", leo);
  await page.getByRole("button", { name: m.person.unblock, exact: true }).click();
  await page.goto(`${node.url}/p/did:key:z6Mk${"a".repeat(44)}`);
  await expect(page.getByRole("heading", { name: m.person.unknown })).toBeVisible();
  await walk.stop("person-unknown", leo);
  await page.goto(room);
  await page.getByRole("button", { name: m.prejoin.listen }).click();
  await expect(page.getByRole("region", { name: m.room.stage })).toContainText("Anastas");
  await other.end("SIGKILL");
  await expect(page.getByText(m.room.hostLost).first()).toBeVisible();
  await walk.stop("host-lost", leo);
}
