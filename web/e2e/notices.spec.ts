// What a member is told of: under the bell, in quiet hours, and by the service worker when nobody looks at the page.
import { expect, test, type CDPSession } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("a room opens on a topic that somebody follows", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { viewport: { width: 1280, height: 900 } });
  const leo = await Person.arrive("Léo", { viewport: { width: 390, height: 844 }, permissions: ["notifications"] });
  try {
    const { page } = leo;
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await page.goto(`${node.url}/notices`);
    await expect(page.getByText("Nothing yet.")).toBeVisible();
    await page.screenshot({ path: "test-results/notices-empty-390.png", fullPage: true });
    await page.goto(`${node.url}/me`);
    const section = page.getByRole("region", { name: "Notifications" });
    await section.getByRole("checkbox", { name: /any room of my community/ }).check();
    await section.scrollIntoViewIfNeeded();
    await section.screenshot({ path: "test-results/notices-settings-390.png" });

    await ana.startRoom("Songs from ports");
    const bell = page.getByRole("link", { name: "Notifications, 1 unread" });
    await expect(bell).toBeVisible();
    await expect(page.getByText("Songs from ports: Ana opened a room")).toBeVisible();
    await page.screenshot({ path: "test-results/notices-toast-390.png" });
    await bell.click();
    const link = page.getByRole("link", { name: "Songs from ports" });
    await expect(link).toBeVisible();
    await expect(page.getByText("Ana opened a room", { exact: true })).toBeVisible();
    await page.screenshot({ path: "test-results/notices-390.png", fullPage: true });
    await expect(page.getByRole("link", { name: "Notifications", exact: true })).toBeVisible();
    await link.click();
    await expect(page.getByRole("button", { name: "Join listening" })).toBeVisible();

    // In quiet hours it waits under the bell, and nothing is said.
    await page.goto(`${node.url}/me`);
    await section.getByRole("checkbox", { name: /Quiet hours/ }).check();
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toTimeString().slice(0, 5);
    await section.getByLabel("From", { exact: true }).fill(at(-1));
    await section.getByLabel("From", { exact: true }).blur();
    await section.getByLabel("To", { exact: true }).fill(at(2));
    await section.getByLabel("To", { exact: true }).blur();
    await section.screenshot({ path: "test-results/notices-quiet-390.png" });
    const mia = await Person.arrive("Mia", {});
    await mia.join(await ana.invite());
    await mia.page.goto(node.url);
    await mia.startRoom("At night");
    await expect(page.getByRole("link", { name: "Notifications, 1 unread" })).toBeVisible();
    await expect(page.getByText("At night: ")).toHaveCount(0);
    await mia.leave();
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});

/** Delivers a message to the service worker as a push service would, and returns what it shows. */
async function pushed(cdp: CDPSession, origin: string, registrationId: string, leo: Person, message: object): Promise<object[]> {
  await cdp.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data: JSON.stringify(message) });
  const worker = leo.page.context().serviceWorkers()[0];
  if (worker === undefined) throw new Error("no service worker");
  return worker.evaluate(async () => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    for (let tries = 0; tries < 50; tries++) {
      const shown = await registration.getNotifications();
      if (shown.length > 0) return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data: data as unknown }));
      await new Promise((later) => setTimeout(later, 100));
    }
    return [];
  });
}

test("the service worker shows what comes while nobody looks", async () => {
  const node = await StoaNode.start();
  const leo = await Person.arrive("Léo", { permissions: ["notifications"] });
  try {
    const { page } = leo;
    await leo.found(node.ownerLink);
    const cdp = await page.context().newCDPSession(page);
    const registered = new Promise<string>((found) => {
      cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        if (registrations[0] !== undefined) found(registrations[0].registrationId);
      });
    });
    await cdp.send("ServiceWorker.enable");
    await page.evaluate(async () => {
      await navigator.serviceWorker.register("/sw.js");
      await navigator.serviceWorker.ready;
    });
    const id = await registered;
    const origin = new URL(node.url).origin;
    const room = "A".repeat(43);
    await page.goto("about:blank");
    const message = { kind: "topic", room, title: "Songs from ports", by: "Ana", topic: "songs", community: "Café", language: "fr" };
    expect(await pushed(cdp, `${origin}/`, id, leo, message)).toEqual([
      { title: "Songs from ports", body: "Un salon sur songs est ouvert · Café", tag: room, data: { path: `/r/${room}` } },
    ]);
  } finally {
    await leo.leave();
    await node.destroy();
  }
});
