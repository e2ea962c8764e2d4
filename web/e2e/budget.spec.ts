import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

/** What Lighthouse takes for a phone on a slow fourth-generation network: 1.6 Mbit/s, 150 ms, a fourth of the processor. */
const phone = { offline: false, latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 };
const slower = 4;

/** All that the first page loads, compressed, in bytes. */
const budget = 150_000;

test("a first visit to a room stays within its budget of bytes, and asks nobody but the node", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoe", { viewport: { width: 390, height: 844 } });
  try {
    await ana.found(node.ownerLink);
    await zoe.join(await ana.invite());
    const room = await ana.startRoom("Budget");

    const devtools = await zoe.page.context().newCDPSession(zoe.page);
    await devtools.send("Network.enable");
    await devtools.send("Network.clearBrowserCache");
    await devtools.send("Network.emulateNetworkConditions", phone);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: slower });
    let bytes = 0;
    const asked = new Set<string>();
    const urls = new Map<string, string>();
    const loads: string[] = [];
    devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
      asked.add(new URL(request.url).origin);
      urls.set(requestId, new URL(request.url).pathname);
    });
    devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      bytes += encodedDataLength;
      loads.push(`${String(encodedDataLength).padStart(7)} ${urls.get(requestId) ?? ""}`);
    });

    const began = performance.now();
    await zoe.page.goto(room, { waitUntil: "commit" });
    await expect(zoe.page.getByRole("button", { name: "Join listening" })).toBeEnabled();
    const usable = performance.now() - began;
    await zoe.enter("listening");
    console.log(`the first room is usable after ${(usable / 1000).toFixed(2)} s on a slow phone (bar 1.5 s), with ${(bytes / 1000).toFixed(1)} kB`);
    expect(bytes, loads.join("\n")).toBeLessThan(budget);
    expect([...asked]).toEqual([new URL(room).origin]);
  } finally {
    for (const one of [ana, zoe]) await one.leave();
    await node.destroy();
  }
});
