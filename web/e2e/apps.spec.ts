// Other people's programs, aiortc and GStreamer as Debian has them, speak into a room and listen to it, each heard by a
// browser and hearing one.
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { outside } from "./keyboard";
import { StoaNode } from "./node";
import { Person } from "./people";
import { Program } from "./program";

for (const name of ["aiortc", "gstreamer"]) {
  test(`${name} speaks to a browser and hears one`, async () => {
    const node = await StoaNode.start([], outside()); // libnice knows no loopback
    const ana = await Person.arrive("Ana", { voice: "ana", raw: true });
    const leo = await Person.arrive("Léo", { voice: "leo", raw: true });
    const programs: Program[] = [];
    try {
      await ana.found(node.ownerLink);
      const link = await ana.invite();
      await ana.startRoom("Other programs");
      await leo.join(link);
      await leo.goToRoom("Other programs");
      await leo.enter("listening");
      await leo.page.getByRole("button", { name: "Raise hand" }).click();
      await ana.page.getByRole("button", { name: "Invite Léo to the stage" }).click();
      await leo.page.getByRole("button", { name: "Join the stage" }).click();
      const connect = async (what: "speak" | "listen"): Promise<Program> => {
        await leo.page.getByRole("button", { name: "Room menu" }).click();
        await leo.page.getByRole("button", { name: "Connect another app" }).click();
        const sheet = leo.page.getByRole("dialog", { name: "Connect another app" });
        await sheet.getByRole("button", { name: `Create a token to ${what}` }).click();
        const url = await sheet.getByRole("textbox", { name: "Address" }).inputValue();
        const token = await sheet.getByRole("textbox", { name: "Token" }).inputValue();
        await leo.page.keyboard.press("Escape");
        const wav = resolve(import.meta.dirname, "../test-speech/mina.wav");
        const program = new Program(name, [what, url, token, wav]);
        programs.push(program);
        await program.says("connected");
        return program;
      };

      // Spoken: unmuted by the program alone, heard by the browser, while the page's own microphone stays closed.
      const speaks = await connect("speak");
      await expect(leo.page.getByText("You are speaking from another app.")).toBeVisible();
      await expect(leo.page.getByRole("button", { name: "Mute", exact: true })).toBeVisible();
      await expect(ana.tile("Léo")).toHaveAttribute("data-speaking", "true", { timeout: 10_000 });
      await ana.untilHears(10_000);

      // Muted by a moderator; the page unmutes, and the program is heard again.
      await ana.onPerson("Léo", "Mute");
      await expect(ana.tile("Léo")).toHaveAttribute("data-speaking", "false");
      const silent = (await ana.hears()).energy;
      await leo.unmute();
      await expect.poll(async () => (await ana.hears()).energy, { timeout: 10_000 }).toBeGreaterThan(silent + 1e-4);
      await speaks.end();
      await expect(leo.page.getByRole("button", { name: "Unmute", exact: true })).toBeVisible();
      await expect(leo.page.getByText("You are speaking from another app.")).toBeHidden();

      // Heard: the browser's speech comes out of the program's decoder, and the page is silent meanwhile.
      await ana.unmute();
      const listens = await connect("listen");
      await expect(leo.page.getByText("You are listening in another app.")).toBeVisible();
      await expect.poll(() => listens.loudness, { timeout: 15_000 }).toBeGreaterThan(0.01);
      console.log(`${name}: loudest tenth of a second decoded: ${listens.loudness.toFixed(3)}`);
      await listens.end();
      await expect(leo.page.getByText("You are listening in another app.")).toBeHidden();
    } finally {
      for (const program of programs) program.kill();
      await leo.leave();
      await ana.leave();
      await node.destroy();
    }
  });
}
