// A walk through what is planned: the form, the page of a scheduled room in each of its states, the calendar.
import type { BrowserContextOptions } from "@playwright/test";
import { expect } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { catalogues, type Look, type Stop } from "./walk";

const title = "What the wind carried down from the northern hills, told again";

/** A date and a time of day so many minutes from now, on this machine's clock. */
export function soon(minutes: number): { date: string; time: string } {
  const at = new Date(Date.now() + minutes * 60_000);
  const two = (n: number) => String(n).padStart(2, "0");
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}`,
  };
}

/** Walks, as walk.ts does. */
export async function walkSchedule(look: Look, stop: Stop): Promise<void> {
  const m = catalogues[look.language];
  const p = m.plan;
  const context: BrowserContextOptions = {
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    locale: look.language === "fr" ? "fr-FR" : "en-GB",
  };
  const node = await StoaNode.start();
  const ana = await Person.arrive("Anastasía Papadopoúlou", context);
  const leo = await Person.arrive("Léo", context);
  try {
    const { page } = ana;
    const submit = (name: string) => page.getByRole("button", { name, exact: true }).click();
    await page.goto(node.ownerLink);
    await page.getByRole("textbox", { name: m.join.name }).fill(ana.name);
    await submit(m.join.submit);
    await submit(m.recovery.later);
    await page.goto(`${node.url}/calendar`);
    await expect(page.getByText(p.none)).toBeVisible();
    await stop("calendar-empty", ana);
    await page.goto(`${node.url}/invites`);
    await submit(m.invites.create);
    const box = page.getByRole("textbox", { name: m.invites.link });
    await expect(box).toHaveValue(/\/i\/.+#/);
    const invite = await box.inputValue();
    await leo.page.goto(invite);
    await leo.page.getByRole("textbox", { name: m.join.name }).fill(leo.name);
    await leo.page.getByRole("button", { name: m.join.submit, exact: true }).click();
    await leo.page.getByRole("button", { name: m.recovery.later }).click();

    // A series on several days, in another zone.
    await page.goto(node.url);
    await page.getByRole("button", { name: m.hallway.start }).first().click();
    await page.getByRole("textbox", { name: m.start.roomTitle }).fill(title);
    await page.getByRole("combobox", { name: m.start.topics }).fill("stories,");
    await page.getByRole("radio", { name: p.later }).check();
    await page.getByLabel(p.zone).selectOption("America/New_York");
    await page.getByLabel(p.repeat).selectOption("weekly/1");
    await page.getByRole("checkbox").first().check();
    await page.getByRole("checkbox").nth(3).check();
    await page.getByLabel(p.ends).selectOption("dates");
    await page.getByLabel(p.date, { exact: true }).fill("");
    await submit(p.schedule);
    await expect(page.getByText(p.datesWrong)).toBeVisible();
    await page.getByLabel(p.repeat).scrollIntoViewIfNeeded();
    await stop("plan-wrong", ana);
    const { date } = soon(14 * 1440);
    await page.getByLabel(p.date, { exact: true }).fill(date);
    await page.getByLabel(p.dates).fill("12");
    await submit(p.schedule);
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    await stop("scheduled", ana);
    const series = page.url();
    await submit(p.edit);
    await expect(page.getByRole("button", { name: p.save })).toBeVisible();
    await stop("scheduled-edit", ana);
    await submit(p.giveUp);

    // One of its dates is moved, and the next one called off.
    const dates = page.getByRole("button", { name: p.changeDate("").trim() });
    await dates.nth(1).click();
    await expect(page.getByRole("button", { name: p.cancelDate })).toBeVisible();
    await stop("scheduled-change-date", ana);
    await page.getByRole("dialog").getByLabel(p.time, { exact: true }).fill("21:15");
    await submit(p.move);
    await expect(page.getByText(p.movedFrom("").trim()).first()).toBeVisible();
    await dates.first().click();
    await submit(p.cancelDate);
    await expect(page.getByText(p.offDate("").trim()).first()).toBeVisible();
    await stop("scheduled-date-off", ana);

    // One that is about to begin.
    await page.goto(node.url);
    await page.getByRole("button", { name: m.hallway.start }).first().click();
    await page.getByRole("textbox", { name: m.start.roomTitle }).fill("Morning in the harbour");
    await page.getByRole("radio", { name: p.later }).check();
    const near = soon(9);
    await page.getByLabel(p.date, { exact: true }).fill(near.date);
    await page.getByLabel(p.time, { exact: true }).fill(near.time);
    await page.getByLabel(p.repeat).selectOption("monthly/1");
    await submit(p.schedule);
    await expect(page.getByRole("timer")).toBeVisible();
    await stop("scheduled-soon", ana);
    const link = page.url();
    await leo.page.goto(link);
    await expect(leo.page.getByRole("timer")).toBeVisible();
    await stop("scheduled-waiting", leo);
    await leo.page.goto(node.url);
    await expect(leo.page.getByRole("heading", { name: p.upcoming })).toBeVisible();
    await leo.page.getByRole("heading", { name: p.upcoming }).scrollIntoViewIfNeeded();
    await stop("hallway-upcoming", leo);
    await leo.page.goto(`${node.url}/calendar`);
    await expect(leo.page.getByRole("link", { name: title })).toBeVisible();
    await leo.page.getByRole("button", { name: p.feedMake }).click();
    await expect(leo.page.getByRole("textbox", { name: p.feedLink })).toHaveValue(/\.ics$/);
    const anyLink = `https://stoa.example/calendar/${"A".repeat(43)}.ics`; // so that no picture differs from the one before
    await leo.page.getByRole("textbox", { name: p.feedLink }).evaluate((field: HTMLInputElement, to) => (field.value = to), anyLink);
    await stop("calendar", leo);

    // It opens, and ends.
    await leo.page.goto(link);
    await submit(p.open);
    await expect(page.getByRole("region", { name: m.room.stage })).toBeVisible();
    await leo.page.getByRole("button", { name: m.prejoin.listen }).click();
    await expect(leo.page.getByRole("region", { name: m.room.stage })).toBeVisible();
    await page.getByRole("button", { name: m.room.menu }).click();
    await submit(m.room.end);
    await submit(m.room.endConfirm);
    await expect(leo.page.getByText(p.nextDate)).toBeVisible();
    await stop("ended-next-date", leo);

    // The series is called off.
    await page.goto(series);
    await submit(p.cancel);
    await stop("scheduled-cancel", ana);
    await page.getByRole("dialog").getByRole("button", { name: p.cancel }).click();
    await expect(page.getByText(p.cancelled)).toBeVisible();
    await stop("scheduled-cancelled", ana);
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
}
