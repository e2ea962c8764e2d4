// A walk through pages and dialogs, with somebody at each side of them: used to check them all, and to picture them.
import { expect, type Locator, type Page } from "@playwright/test";
import { en, type Messages } from "../src/app/i18n/en";
import { fr } from "../src/app/i18n/fr";
import { pagesEn, type PageMessages } from "../src/app/i18n/pages.en";
import { pagesFr } from "../src/app/i18n/pages.fr";
import { StoaNode } from "./node";
import { Person, type PersonOptions } from "./people";

export type Language = "en" | "fr";

/** How somebody looks at a page. */
export interface Look {
  width: number;
  height: number;
  theme: "light" | "dark";
}

/** Called at each stop, once for each look, when the page is still. */
export type Check = (stop: string, page: Page, look: Look) => Promise<void>;

/** Goes from stop to stop. Controls are found by their names in the language of the walk. */
export type Way = (walk: Walk) => Promise<void>;

/** All that the page says, in each language. */
export const catalogues: Readonly<Record<Language, Messages & PageMessages>> = { en: { ...en, ...pagesEn }, fr: { ...fr, ...pagesFr } };

/** One walk in one language. At each stop the page is looked at in every look: the states of it need to be made once. */
export class Walk {
  readonly m: Messages & PageMessages;
  private readonly language: Language;
  private readonly looks: readonly Look[];
  private readonly check: Check;
  private readonly ends: (() => Promise<void>)[] = [];

  constructor(language: Language, looks: readonly Look[], check: Check) {
    this.m = catalogues[language];
    this.language = language;
    this.looks = looks;
    this.check = check;
  }

  /** Goes a way to its end. Whoever came leaves, and the nodes are forgotten. */
  async along(way: Way): Promise<void> {
    try {
      await way(this);
    } finally {
      for (const end of this.ends.reverse()) await end();
    }
  }

  async node(...peers: StoaNode[]): Promise<StoaNode> {
    const node = await StoaNode.start(peers);
    this.ends.push(() => node.destroy());
    return node;
  }

  async arrive(name: string, options: PersonOptions = {}): Promise<Person> {
    const person = await Person.arrive(name, { locale: this.language === "fr" ? "fr-FR" : "en-GB", ...options });
    this.ends.push(() => person.leave());
    const look = this.looks[0];
    if (look !== undefined) await wear(person.page, look);
    return person;
  }

  /** Stops before a page; where it is longer than the screen, at a part of it. */
  async stop(name: string, { page }: Person, at?: Locator): Promise<void> {
    for (const look of this.looks) {
      await wear(page, look);
      await at?.scrollIntoViewIfNeeded();
      await this.check(name, page, look);
    }
  }

  /** Founds a node's community. */
  async found({ name, page }: Person, node: StoaNode, community?: string): Promise<void> {
    await page.goto(node.ownerLink);
    if (community !== undefined) await page.getByRole("textbox", { name: this.m.join.communityName }).fill(community);
    await this.become(page, name);
  }

  /** Joins by an invite link. */
  async join({ name, page }: Person, link: string): Promise<void> {
    await page.goto(link);
    await this.become(page, name);
  }

  /** Fills in the form that makes somebody a member, and leaves the recovery file for later. */
  async become(page: Page, name: string): Promise<void> {
    await page.getByRole("textbox", { name: this.m.join.name, exact: true }).fill(name);
    await page.getByRole("button", { name: this.m.join.submit, exact: true }).click();
    await page.getByRole("button", { name: this.m.recovery.later }).click();
  }

  /** Makes an invite link, and stays on the page of invites. */
  async invite({ page }: Person): Promise<string> {
    await page.goto(new URL("/invites", page.url()).href);
    await page.getByRole("button", { name: this.m.invites.create }).click();
    const box = page.getByRole("textbox", { name: this.m.invites.link });
    await expect(box).toHaveValue(/\/i\/.+#/);
    return box.inputValue();
  }

  /** Opens the sheet that starts a room, with its title filled in. */
  async openStart({ page }: Person, title: string): Promise<void> {
    await page.goto(new URL("/", page.url()).href);
    await page.getByRole("button", { name: this.m.hallway.start }).first().click();
    await page.getByRole("textbox", { name: this.m.start.roomTitle }).fill(title);
  }

  /** Starts a room and is in it. */
  async startRoom(who: Person, title: string): Promise<string> {
    await this.openStart(who, title);
    await who.page.getByRole("button", { name: this.m.start.start, exact: true }).click();
    await expect(who.page.getByRole("region", { name: this.m.room.stage })).toBeVisible();
    return who.page.url();
  }
}

/** Gives a page the size and the colours of a look, and waits until it is laid out in them. */
async function wear(page: Page, { width, height, theme }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate(() => new Promise((laidOut) => requestAnimationFrame(() => requestAnimationFrame(laidOut))));
}
