// A room with two thousand listeners, each a member who has really entered: the page holds few of them at a time.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { Person } from "./people";

const people = 2_000;
const root = resolve(import.meta.dirname, "../..");

/** A node with a full room. */
async function hall(): Promise<{ invite: string; room: string; end: () => void }> {
  const child = spawn("go", ["run", "./bench", "--stoa", "bin/stoa", "hall", "--people", String(people)], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  await new Promise<void>((done, fail) => {
    child.once("exit", (code) => { fail(new Error(`the hall ended with ${String(code)}: ${text}`)); });
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (/^room .*\n/m.test(text)) done();
    });
  });
  const line = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? "";
  return { invite: line("invite"), room: line("room"), end: () => child.stdin.end() };
}

test("two thousand listen, and few of them are in the page", async () => {
  test.setTimeout(900_000);
  const { invite, room, end } = await hall();
  const zoe = await Person.arrive("Zoë", { viewport: { width: 390, height: 844 } });
  try {
    const { page } = zoe;
    page.setDefaultTimeout(60_000);
    await zoe.join(invite);
    await page.goto(room);
    await zoe.enter("listening");
    const audience = page.getByRole("region", { name: "Audience" });
    await expect(audience).toContainText("2,001 listening");
    const tiles = audience.getByRole("listitem");
    const few = async () => {
      expect(await tiles.count()).toBeLessThan(130);
      expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(1_500);
    };
    await few();
    const beside = await tiles.evaluateAll((all) => new Set(all.map((one) => one.getBoundingClientRect().left)).size);
    expect(beside, "columns on a phone").toBe(4);

    // By the keyboard: one stop for Tab, then the arrow keys.
    const first = audience.getByRole("listitem").first().getByRole("button");
    await first.focus();
    await page.keyboard.press("End");
    const last = audience.locator("[aria-posinset='2001']").getByRole("button", { name: "Zoë" });
    await expect(last).toBeFocused();
    await expect(last).toBeInViewport();
    await few();
    await page.keyboard.press("ArrowLeft");
    await expect(audience.locator("[aria-posinset='2000']").getByRole("button")).toBeFocused();
    await page.keyboard.press("Home");
    await expect(audience.locator("[aria-posinset='1']").getByRole("button", { name: /Member/ })).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(audience.locator(":focus")).toHaveCount(0);

    // By scrolling, to the middle: those who stand there are asked for, and come.
    await page.evaluate(() => { scrollTo(0, document.documentElement.scrollHeight / 2); });
    await expect(audience.locator("[aria-posinset='1000']").getByRole("button", { name: /Member/ })).toBeAttached();
    await few();
    await page.setViewportSize({ width: 1280, height: 800 });
    await few();

    // By name, among all of them.
    await page.evaluate(() => { scrollTo(0, 0); });
    await audience.getByRole("searchbox", { name: "Search the audience" }).fill("MEMBER 1234");
    await expect(audience.getByRole("status")).toHaveText("1 person");
    await audience.getByRole("button", { name: "Member 1234" }).click();
    await expect(page.getByRole("dialog", { name: "Member 1234" })).toBeVisible();
    await page.keyboard.press("Escape");
    await audience.getByRole("searchbox").fill("nobody at all");
    await expect(audience.getByRole("status")).toHaveText("Nobody in the audience is called “nobody at all”.");
  } finally {
    await zoe.leave();
    end();
  }
});
