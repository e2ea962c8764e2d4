// A room that is planned: in the start sheet, in the hallway, at its link, in a calendar; and the room it turns into.
import { expect, test, type Page } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { soon } from "./walk-schedule";

/** Begins to plan a room. */
async function beginPlan(page: Page, title: string): Promise<void> {
  await page.getByRole("button", { name: "Start a room" }).first().click();
  await page.getByRole("textbox", { name: "Title" }).fill(title);
  await page.getByRole("radio", { name: "Later" }).check();
}

async function schedule(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Schedule", exact: true }).click();
}

const nextYear = new Date().getFullYear() + 1;

/** The first Tuesday of a month of next year. */
function tuesday(month: number): string {
  const first = new Date(Date.UTC(nextYear, month - 1, 1));
  const day = 1 + ((2 - first.getUTCDay() + 7) % 7);
  return `${nextYear}-${String(month).padStart(2, "0")}-0${day}`;
}

test("somebody plans a room on several weekdays, and finds it everywhere", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { viewport: { width: 390, height: 844 } });
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await beginPlan(page, "Songs of the week");
    await page.getByLabel("Date", { exact: true }).fill(tuesday(2));
    await page.getByLabel("Repeats").selectOption({ label: "Every 2 weeks" });
    await expect(page.getByRole("checkbox", { name: "Tuesday" })).toBeChecked();
    await page.getByRole("checkbox", { name: "Thursday" }).check();
    await page.getByLabel("Ends").selectOption({ label: "After a number of dates" });
    await page.getByLabel("Number of dates").fill("5000");
    await page.getByLabel("Time zone").selectOption("Europe/Paris");
    await schedule(page);
    await expect(page.getByRole("textbox", { name: "Number of dates" })).toBeFocused();
    await expect(page.getByText("Write a whole number from 1 to 1,000.")).toBeVisible();
    await page.getByLabel("Number of dates").fill("3");
    await schedule(page);
    await expect(page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    await expect(page.getByText("Every 2 weeks on Tuesday and Thursday, 3 dates in all")).toBeVisible();
    const dates = page.getByRole("main").locator("time");
    await expect(dates).toHaveText([/^Tue/, /^Thu/, /^Tue/]);

    // Who planned it is reminded, as the sheet said; another time, and not at all.
    await expect(page.getByLabel("Reminder")).toHaveValue("600");
    await page.getByLabel("Reminder").selectOption({ label: "1 hour before" });
    await page.reload();
    await expect(page.getByLabel("Reminder")).toHaveValue("3600");
    await page.getByRole("button", { name: "Do not remind me" }).click();
    await expect(page.getByRole("button", { name: "Remind me" })).toBeVisible();

    await page.goto(node.url);
    await expect(page.getByRole("heading", { name: "Upcoming" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Songs of the week" })).toBeVisible();
    await page.getByRole("navigation").getByRole("link", { name: "Calendar" }).click();
    await expect(page.getByRole("link", { name: "Songs of the week" })).toBeVisible();
    await page.getByRole("button", { name: "Make a calendar link" }).click();
    const link = page.getByRole("textbox", { name: "Calendar link" });
    await expect(link).toHaveValue(/\/calendar\/.+\.ics$/);
    const address = await link.inputValue();
    const feed = await page.request.get(address);
    expect(await feed.text()).toContain("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=MO;COUNT=3");
    await page.getByRole("button", { name: "End the link" }).click();
    await expect(page.getByRole("button", { name: "Make a calendar link" })).toBeVisible();
    expect((await page.request.get(address)).status()).toBe(404);
  } finally {
    await ana.leave();
    await node.destroy();
  }
});

test("half past seven in New York stays it when the clocks change there, and somebody in Paris sees both", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { timezoneId: "Europe/Paris" });
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await beginPlan(page, "Letters across the sea");
    await page.getByLabel("Date", { exact: true }).fill(tuesday(3));
    await page.getByLabel("Repeats").selectOption({ label: "Every week" });
    await page.getByLabel("Time zone").selectOption("America/New_York");
    await schedule(page);
    await expect(page.getByRole("heading", { name: "Letters across the sea" })).toBeVisible();
    // New York is ahead in March by two weeks or three: then it is midnight and a half in Paris, else one and a half.
    const dates = page.getByRole("main").locator("time");
    await expect(dates).toHaveCount(5);
    const hours = (await dates.allTextContents()).map((text) => text.slice(-5));
    expect([...new Set(hours)]).toEqual(["01:30", "00:30"]);
    expect([hours[0], hours.at(-1)]).toEqual(["01:30", "01:30"]);
    await expect(page.getByText("19:30 in America/New York")).toHaveCount(5);
  } finally {
    await ana.leave();
    await node.destroy();
  }
});

test("what is planned is changed on its page: what is wrong is said beside its field, and nothing typed is lost", async () => {
  test.setTimeout(300_000);
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    // A browser may know a zone that the node does not.
    await page.addInitScript(() => {
      const known = Intl.supportedValuesOf.bind(Intl);
      Intl.supportedValuesOf = (what) => (what === "timeZone" ? [...known(what), "Europe/Atlantis"] : known(what));
    });
    await page.goto(node.url);
    await beginPlan(page, "Songs of the week");
    await page.getByLabel("Date", { exact: true }).fill(tuesday(2));
    await page.getByLabel("Time zone").selectOption("Europe/Atlantis");
    await schedule(page);
    await expect(page.getByRole("combobox", { name: "Time zone" })).toBeFocused();
    await expect(page.getByRole("combobox", { name: "Time zone" })).toHaveAccessibleDescription(/zone/);
    await page.getByLabel("Time zone").selectOption("Europe/Paris");
    await schedule(page);
    await expect(page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    const link = page.url();
    await leo.page.goto(link);
    await expect(leo.page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    await expect(leo.page.getByText("May open it too, and moderate it")).toHaveCount(0);

    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("textbox", { name: "Title" }).fill("Songs of the month");
    await page.getByRole("combobox", { name: "Topics" }).fill("music,");
    await page.getByRole("combobox", { name: "Language" }).selectOption("el");
    await page.getByRole("combobox", { name: "Who else may open it" }).fill("leo");
    await page.getByRole("option", { name: /Léo/ }).click();
    await page.getByRole("radio", { name: "Anyone with the link may listen" }).check();
    await page.getByLabel("Date", { exact: true }).fill(`${nextYear - 2}-02-02`);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByLabel("Date", { exact: true })).toBeFocused();
    await expect(page.getByLabel("Date", { exact: true })).toHaveAccessibleDescription(/has passed/);
    await expect(page.getByRole("textbox", { name: "Title" })).toHaveValue("Songs of the month");
    await page.getByLabel("Date", { exact: true }).fill(`${nextYear}-03-28`); // in Paris it goes from 2 to 3 at night then, or soon
    await page.getByLabel("Repeats").selectOption({ label: "Every day" });
    await page.getByLabel("Ends").selectOption({ label: "On a day" });
    await page.getByLabel("Last day").fill(`${nextYear}-03-27`);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByLabel("Last day")).toBeFocused();
    await page.getByLabel("Last day").fill(`${nextYear}-03-30`);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText(`Every day, until 30 March ${nextYear}`)).toBeVisible();
    expect(page.url()).toBe(link);

    // Whoever looks at it sees the change at once.
    await expect(leo.page.getByRole("heading", { name: "Songs of the month" })).toBeVisible();
    await expect(leo.page.getByText("music")).toBeVisible();
    await expect(leo.page.getByText("Greek")).toBeVisible();
    await expect(leo.page.getByText("Anyone may listen")).toBeVisible();
    await expect(leo.page.getByRole("region", { name: "May open it too, and moderate it" })).toContainText("Léo");
    await expect(leo.page.getByText("You can open the room here from")).toBeVisible();
    await expect(leo.page.getByRole("button", { name: "Change", exact: true })).toHaveCount(0);
    await expect(leo.page.getByRole("main").locator("time")).toHaveCount(3);

    // Changed in another window in the meantime: what is there is shown, and nothing is overwritten.
    const second = await page.context().newPage();
    await second.goto(link);
    await second.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("textbox", { name: "Title" }).fill("Songs of the year");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("heading", { name: "Songs of the year" })).toBeVisible();
    await second.getByRole("textbox", { name: "Title" }).fill("Songs of the day");
    await second.getByRole("button", { name: "Save" }).click();
    await second.getByRole("button", { name: "Show what is planned now" }).click();
    await expect(second.getByRole("heading", { name: "Songs of the year" })).toBeVisible();
    await second.close();

    await page.getByRole("button", { name: "Cancel the room" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the room" }).click();
    await expect(leo.page.getByText("Cancelled")).toBeVisible();
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("a room opens from its schedule: its link does not change, and whoever waits there is at its door", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await page.goto(node.url);
    await beginPlan(page, "Songs of the week");
    const { date, time } = soon(9);
    await page.getByLabel("Date", { exact: true }).fill(date);
    await page.getByLabel("Time", { exact: true }).fill(time);
    await page.getByLabel("Repeats").selectOption({ label: "Every week" });
    await schedule(page);
    await expect(page.getByRole("button", { name: "Open the room" })).toBeVisible();
    const link = page.url();
    await leo.page.goto(link);
    await expect(leo.page.getByRole("timer")).toHaveText(/^Begins in \d/);
    await expect(leo.page.getByRole("button", { name: "Open the room" })).toHaveCount(0);
    const left = await leo.page.getByRole("timer").textContent();
    await expect(leo.page.getByRole("timer")).not.toHaveText(left ?? "");

    await page.getByRole("button", { name: "Open the room" }).click();
    await expect(page.getByRole("region", { name: "Stage" })).toBeVisible();
    expect(page.url()).toBe(link);
    await leo.page.getByRole("button", { name: "Join listening" }).click();
    await expect(leo.page.getByRole("region", { name: "Stage" })).toContainText("Ana");
    expect(leo.page.url()).toBe(link);

    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "End room for everyone" }).click();
    await page.getByRole("dialog").getByRole("button", { name: /^End/ }).click();
    await expect(leo.page.getByRole("heading", { name: "This room has ended" })).toBeVisible();
    await expect(leo.page.getByText("Next date")).toBeVisible();
    await leo.page.getByRole("button", { name: "See what is planned" }).click();
    await expect(leo.page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    await expect(leo.page.getByRole("button", { name: "Remind me" })).toBeVisible();
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("one date of a series is cancelled and another one moved: others see it, and both are undone", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { viewport: { width: 390, height: 844 } });
  const leo = await Person.arrive("Léo");
  try {
    const { page } = ana;
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await page.goto(node.url);
    await beginPlan(page, "Songs of the week");
    await page.getByLabel("Date", { exact: true }).fill(tuesday(2));
    await page.getByLabel("Repeats").selectOption({ label: "Every week" });
    await schedule(page);
    await expect(page.getByRole("heading", { name: "Songs of the week" })).toBeVisible();
    await leo.page.goto(page.url());
    await expect(leo.page.getByRole("heading", { name: "Next dates" })).toBeVisible();
    await expect(leo.page.getByRole("button", { name: /^Change the date/ })).toHaveCount(0);

    await page.getByRole("button", { name: /^Change the date/ }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel this date" }).click();
    await expect(page.getByText(/^Cancelled: Tue/)).toBeVisible();
    await expect(leo.page.getByText(/^Cancelled: Tue/)).toBeVisible();
    await expect(leo.page.getByRole("button", { name: /^Undo/ })).toHaveCount(0);
    await page.getByRole("button", { name: /^Change the date/ }).first().click();
    await page.getByRole("dialog").getByLabel("Time", { exact: true }).fill("21:15");
    await page.getByRole("dialog").getByRole("button", { name: "Move this date" }).click();
    await expect(leo.page.getByText(/^Instead of Tue.*19:30/)).toBeVisible();
    await expect(leo.page.getByRole("main").locator("time").first()).toHaveText(/^Tue.*21:15$/);
    await page.getByRole("button", { name: /^Undo: Tue/ }).click();
    await expect(leo.page.getByText(/^Cancelled: Tue/)).toHaveCount(0);
    await page.getByRole("button", { name: /^Change the date/ }).nth(1).click();
    await page.getByRole("dialog").getByRole("button", { name: "Put it back" }).click();
    await expect(leo.page.getByText(/^Instead of/)).toHaveCount(0);
    await expect(leo.page.getByRole("main").locator("time").first()).toHaveText(/^Tue.*19:30$/);
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
