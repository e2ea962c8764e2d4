// Five people talk at once and three slots carry them.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person, type Voice } from "./people";

// The loudest first, by the gain that scripts/speech gave their files.
const voices: Voice[] = ["ana", "leo", "mina", "otto", "zoe"];

test("with five speakers and three slots the three loudest are heard", async () => {
  const node = await StoaNode.start();
  const people: Person[] = [];
  try {
    const host = await Person.arrive("ana", { voice: "ana", raw: true });
    people.push(host);
    await host.found(node.ownerLink);
    // The founder has two invites; each guest brings the next two.
    const links = [await host.invite(), await host.invite()];
    for (const voice of voices.slice(1)) {
      const guest = await Person.arrive(voice, { voice, raw: true });
      people.push(guest);
      const link = links.shift();
      if (link === undefined) throw new Error("no invite is left");
      await guest.join(link);
      links.push(await guest.invite());
    }
    const listener = await Person.arrive("listener");
    people.push(listener);
    await listener.join(links.shift() ?? "");

    await host.startRoom("Five at once");
    for (const guest of people.slice(1)) {
      await guest.goToRoom("Five at once");
      await guest.enter("listening");
    }
    for (const guest of people.slice(1, 5)) {
      await guest.page.getByRole("button", { name: "Raise hand" }).click();
      await host.page.getByRole("button", { name: `Invite ${guest.name} to the stage` }).click();
      await guest.page.getByRole("button", { name: "Join the stage" }).click();
    }
    await expect.poll(async () => [...(await host.csrcs()).keys()]).toEqual(expect.arrayContaining(voices));
    const csrcs = await host.csrcs();
    const named = new Map([...csrcs].map(([name, csrc]) => [csrc, name]));

    // First everybody alone, so that the decoders have heard every voice; then all at once.
    await host.unmute();
    await listener.untilHears();
    const before = await listener.hears();
    for (const guest of people.slice(1, 5)) await guest.unmute();

    const heard = new Map<string, number>();
    for (let i = 0; i < 80; i++) {
      for (const [csrc, level] of Object.entries((await listener.hears()).levels)) {
        const name = named.get(Number(csrc)) ?? `unknown ${csrc}`;
        if (level > 0) heard.set(name, (heard.get(name) ?? 0) + 1);
      }
      await listener.page.waitForTimeout(100);
    }
    const ranking = [...heard].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    console.log("heard, most often first:", Object.fromEntries(heard));
    expect(ranking.slice(0, 3).sort()).toEqual(["ana", "leo", "mina"]);

    // Nobody hears themselves: for each, whoever talks, their own number never arrives.
    for (const person of people.slice(0, 5)) {
      const own = csrcs.get(person.name);
      expect(own).toBeDefined();
      expect(Object.keys((await person.hears()).levels)).not.toContain(String(own));
      expect(await person.everHeard(own ?? 0)).toBe(false);
    }

    // Rings follow what is heard.
    await expect(listener.page.locator('[data-speaking="true"]').first()).toBeVisible();

    // Changing speakers costs no sound. Six browsers on two cores are themselves late at times, so the bound here only
    // tells a broken slot from a sound one; what the slots cost is measured against a control in media's TestBrowser.
    const after = await listener.hears();
    const concealed = (after.concealed - before.concealed) / (after.samples - before.samples);
    console.log(`concealed ${(100 * concealed).toFixed(2)}% of ${after.samples - before.samples} samples`);
    expect(concealed).toBeLessThan(0.03);
  } finally {
    for (const person of people) await person.leave();
    await node.destroy();
  }
});
