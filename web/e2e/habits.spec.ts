// What a room does beside its buttons: single keys, two soft notes, a screen that stays awake, who is who of equal names.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

interface Noted {
  locks: string[];
  notes: number;
}

/** Runs in the page before its own code: remembers what the page asks the device for. */
function noteDevice(): void {
  const noted: Noted = { locks: [], notes: 0 };
  Object.assign(window, { stoaNoted: noted });
  Object.defineProperty(navigator, "wakeLock", {
    value: {
      request: (type: string) => {
        noted.locks.push(type);
        const lock = { released: false, release: () => (noted.locks.push("released"), (lock.released = true), Promise.resolve()) };
        return Promise.resolve(lock);
      },
    },
  });
  window.AudioContext = class extends AudioContext {
    override createOscillator(): OscillatorNode {
      noted.notes++;
      return super.createOscillator();
    }
  };
}

async function noted(who: Person): Promise<Noted> {
  return who.page.evaluate(() => (window as unknown as { stoaNoted: Noted }).stoaNoted);
}

test("single keys speak, react and lead around, and do nothing in dialogs, or where they are switched off", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const leo = await Person.arrive("Léo");
  const { page } = ana;
  const isMuted = page.getByRole("button", { name: "Unmute", exact: true });
  const isOpen = page.getByRole("button", { name: "Mute", exact: true });
  try {
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await ana.startRoom("By single keys");
    await leo.goToRoom("By single keys");
    await leo.enter("listening");

    await expect(isMuted).toBeVisible();
    await page.getByRole("heading", { name: "By single keys" }).focus();
    await page.keyboard.down(" ");
    await leo.untilHears(20_000);
    await page.keyboard.up(" ");
    await expect(isMuted).toBeVisible();
    await page.keyboard.press("m");
    await expect(isOpen).toBeVisible();
    await page.keyboard.press("M");
    await expect(isMuted).toBeVisible();

    await expect(async () => { // it is shown for a moment
      await page.keyboard.press("1");
      await expect(leo.tile("Ana").locator(".reaction")).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: 20_000 });

    await leo.page.keyboard.press("h");
    await expect(leo.page.getByText("You are number 1 in the queue")).toBeVisible();
    await page.keyboard.press("q");
    await expect(page.getByRole("region", { name: "Hands" })).toBeFocused();
    await page.keyboard.press("p");
    await expect(page.getByRole("region", { name: "Audience" })).toBeFocused();

    await page.keyboard.press("?");
    const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(keys).toBeVisible();
    await page.keyboard.press("m");
    await page.keyboard.press("Escape");
    await expect(keys).toHaveCount(0);
    await expect(isMuted).toBeVisible();

    await page.getByRole("link", { name: "Back to the hallway" }).click();
    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByRole("checkbox", { name: "Keyboard shortcuts" }).uncheck();
    await page.getByRole("region", { name: "Your room" }).getByRole("link").click();
    await page.getByRole("heading", { name: "By single keys" }).focus();
    await page.keyboard.press("p");
    await page.keyboard.press("m");
    await expect(page.getByRole("heading", { name: "By single keys" })).toBeFocused();
    await expect(isMuted).toBeVisible();
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("an offer is heard, the screen stays awake on the stage, the sound has the room's name, and equal names have fingerprints", async () => {
  const node = await StoaNode.start();
  const [ana, leo, other] = [await Person.arrive("Ana"), await Person.arrive("Léo"), await Person.arrive("Léo")];
  try {
    await leo.page.addInitScript(noteDevice);
    await ana.found(node.ownerLink);
    for (const who of [leo, other]) await who.join(await ana.invite());
    await ana.startRoom("Soft notes");
    for (const who of [leo, other]) {
      await who.goToRoom("Soft notes");
      await who.enter("listening");
    }
    expect(await noted(leo)).toEqual({ locks: [], notes: 0 });
    expect(await leo.page.evaluate(() => navigator.mediaSession.metadata?.title)).toBe("Soft notes");

    const tiles = ana.page.getByRole("region", { name: "Audience" }).getByRole("button", { name: /Léo/ });
    await expect(tiles).toHaveCount(2);
    const prints = await tiles.locator(".key").allTextContents();
    expect(new Set(prints).size).toBe(2);

    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await ana.page.getByRole("region", { name: "Hands" }).getByRole("button", { name: /^Invite Léo/ }).click();
    await expect(leo.page.getByRole("dialog", { name: "You are invited to the stage" })).toBeVisible();
    expect((await noted(leo)).notes).toBe(2);
    await leo.page.getByRole("button", { name: "Not now" }).click();
    await expect(leo.page.getByRole("button", { name: "Lower hand" })).toBeVisible(); // it stays up
    expect((await noted(leo)).locks).toEqual([]);

    // Without the notes, where they are not wished.
    await leo.page.getByRole("link", { name: "Back to the hallway" }).click();
    await leo.page.getByRole("link", { name: "Profile" }).click();
    await leo.page.getByRole("checkbox", { name: "Quiet sound when you are invited to the stage" }).uncheck();
    await leo.page.getByRole("region", { name: "Your room" }).getByRole("link").click();
    await ana.page.getByRole("region", { name: "Hands" }).getByRole("button", { name: /^Invite Léo/ }).click();
    await leo.page.getByRole("button", { name: "Join the stage" }).click();
    await expect(leo.tile("Léo")).toBeVisible();
    await expect.poll(async () => noted(leo)).toEqual({ locks: ["screen"], notes: 2 });

    // Closing the tab is asked about there; leaving lets the screen go dark.
    const asked = leo.page.waitForEvent("dialog");
    await leo.page.close({ runBeforeUnload: true });
    const question = await asked;
    expect(question.type()).toBe("beforeunload");
    await question.dismiss();
    await leo.page.getByRole("button", { name: "Leave quietly" }).click();
    await expect.poll(async () => (await noted(leo)).locks).toEqual(["screen", "released"]);
  } finally {
    for (const who of [other, leo, ana]) await who.leave();
    await node.destroy();
  }
});
