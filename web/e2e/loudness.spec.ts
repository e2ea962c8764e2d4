import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("somebody is played as loud as one wants, in the slot that they speak in and in no other", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoe");
  const all = [ana, zoe];
  try {
    await zoe.page.addInitScript(() => {
      const made: HTMLAudioElement[] = [];
      (window as unknown as { made: HTMLAudioElement[] }).made = made;
      const Made = window.Audio;
      window.Audio = class extends Made { constructor() { super(); made.push(this); } };
    });
    await ana.found(node.ownerLink);
    await zoe.join(await ana.invite());
    await ana.startRoom("Ears");
    await zoe.goToRoom("Ears");
    await zoe.enter("listening");
    await ana.unmute();
    await zoe.untilHears();
    const played = () => zoe.page.evaluate(() => (window as unknown as { made: HTMLAudioElement[] }).made.filter((a) => a.srcObject !== null).map((a) => (a.muted ? 0 : a.volume)));
    await zoe.page.getByRole("region", { name: "Stage" }).getByRole("button", { name: /Ana/ }).click();
    const sheet = zoe.page.getByRole("dialog", { name: "Ana" });
    await sheet.getByRole("slider", { name: "Volume" }).fill("40");
    await expect.poll(played).toContain(0.4);
    await sheet.getByRole("button", { name: "Mute for me" }).click();
    await expect.poll(async () => (await played()).filter((v) => v === 0).length).toBe(1);
    await sheet.getByRole("button", { name: "Unmute for me" }).click();
    await expect.poll(async () => (await played()).filter((v) => v === 0).length).toBe(0);
  } finally {
    for (const one of all) await one.leave();
    await node.destroy();
  }
});
