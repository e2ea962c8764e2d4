// A walk through what is planned: the form, the page of a scheduled room in each of its states, the calendar.
import { expect } from "@playwright/test";
import type { Walk } from "./walk";

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

export async function walkSchedule(walk: Walk): Promise<void> {
  const { m } = walk;
  const p = m.plan;
  const node = await walk.node();
  const ana = await walk.arrive("Anastasía Papadopoúlou");
  const leo = await walk.arrive("Léo");
  const { page } = ana;
  const submit = (name: string) => page.getByRole("button", { name, exact: true }).click();
  await walk.found(ana, node);
  await page.goto(`${node.url}/calendar`);
  await expect(page.getByText(p.none)).toBeVisible();
  await walk.stop("calendar-empty", ana);
  await walk.join(leo, await walk.invite(ana));

  // A series on several days, in another zone.
  await walk.openStart(ana, title);
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
  await walk.stop("plan-wrong", ana, page.getByLabel(p.repeat));
  const { date } = soon(14 * 1440);
  await page.getByLabel(p.date, { exact: true }).fill(date);
  await page.getByLabel(p.dates).fill("12");
  await submit(p.schedule);
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await walk.stop("scheduled", ana);
  const series = page.url();
  await submit(p.edit);
  await expect(page.getByRole("button", { name: p.save })).toBeVisible();
  await walk.stop("scheduled-edit", ana);
  await submit(p.giveUp);

  // One of its dates is moved, and the next one called off.
  const dates = page.getByRole("button", { name: p.changeDate("").trim() });
  await dates.nth(1).click();
  await expect(page.getByRole("button", { name: p.cancelDate })).toBeVisible();
  await walk.stop("scheduled-change-date", ana);
  await page.getByRole("dialog").getByLabel(p.time, { exact: true }).fill("21:15");
  await submit(p.move);
  await expect(page.getByText(p.movedFrom("").trim()).first()).toBeVisible();
  await dates.first().click();
  await submit(p.cancelDate);
  await expect(page.getByText(p.offDate("").trim()).first()).toBeVisible();
  await walk.stop("scheduled-date-off", ana);

  // One that is about to begin.
  await walk.openStart(ana, "Morning in the harbour");
  await page.getByRole("radio", { name: p.later }).check();
  const near = soon(9);
  await page.getByLabel(p.date, { exact: true }).fill(near.date);
  await page.getByLabel(p.time, { exact: true }).fill(near.time);
  await page.getByLabel(p.repeat).selectOption("monthly/1");
  await submit(p.schedule);
  await expect(page.getByRole("timer")).toBeVisible();
  await walk.stop("scheduled-soon", ana);
  const link = page.url();
  await leo.page.goto(link);
  await expect(leo.page.getByRole("timer")).toBeVisible();
  await walk.stop("scheduled-waiting", leo);
  await leo.page.goto(node.url);
  await expect(leo.page.getByRole("heading", { name: p.upcoming })).toBeVisible();
  await walk.stop("hallway-upcoming", leo, leo.page.getByRole("heading", { name: p.upcoming }));
  await leo.page.goto(`${node.url}/calendar`);
  await expect(leo.page.getByRole("link", { name: title })).toBeVisible();
  await leo.page.getByRole("button", { name: p.feedMake }).click();
  await expect(leo.page.getByRole("textbox", { name: p.feedLink })).toHaveValue(/\.ics$/);
  const anyLink = `https://stoa.example/calendar/${"A".repeat(43)}.ics`; // so that no picture differs from the one before
  await leo.page.getByRole("textbox", { name: p.feedLink }).evaluate((field: HTMLInputElement, to) => (field.value = to), anyLink);
  await walk.stop("calendar", leo);

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
  await walk.stop("ended-next-date", leo);

  // The series is called off.
  await page.goto(series);
  await submit(p.cancel);
  await walk.stop("scheduled-cancel", ana);
  await page.getByRole("dialog").getByRole("button", { name: p.cancel }).click();
  await expect(page.getByText(p.cancelled, { exact: true })).toBeVisible();
  await walk.stop("scheduled-cancelled", ana);
}
