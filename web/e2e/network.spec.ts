// Browsers at addresses of their own; networks that let no UDP through; people who go from one network to another.
import { expect, test } from "@playwright/test";
import { arriveAt, Lab } from "./lab";
import type { Person } from "./people";

/** Ana talks in a room of the first node, and Léo, who lives behind the second one, hears her. */
async function talk(lab: Lab): Promise<{ ana: Person; leo: Person }> {
  const [here, there] = [lab.node(0), lab.node(1)];
  await here.start();
  const ana = await arriveAt(here.members, here, "Ana", { voice: "ana" });
  const leo = await arriveAt(there.members, here, "Léo");
  await ana.found(here.ownerLink);
  await leo.join(await ana.invite());
  await ana.startRoom("Evening talk");
  await ana.unmute();
  await leo.goToRoom("Evening talk");
  await leo.enter("listening");
  await leo.untilHears();
  return { ana, leo };
}

test("browsers talk from addresses of their own, and a partition is between them", async () => {
  const lab = await Lab.start(2);
  try {
    const [here, there] = [lab.node(0), lab.node(1)];
    const { ana, leo } = await talk(lab);
    await lab.resetFlows(0);
    const { packets } = await leo.hears();
    await expect.poll(async () => (await leo.hears()).packets).toBeGreaterThan(packets + 50); // a second of speech

    const flows = await lab.flows(0);
    const addresses = new Set(flows.flatMap((flow) => [flow.from, flow.to]));
    expect([...addresses].sort()).toEqual([here.address, there.members.address].sort());
    const audio = flows.filter((f) => f.protocol === "udp" && f.from === here.address).reduce((sum, f) => sum + f.bytes, 0);
    expect(audio).toBeGreaterThan(1000);

    await lab.partition([0], [1]);
    const before = (await leo.hears()).packets;
    await leo.page.waitForTimeout(1_000); // fifty packets
    expect((await leo.hears()).packets - before).toBeLessThan(10);
    await lab.heal();
    await leo.untilHears();
    await ana.leave();
    await leo.leave();
  } finally {
    await lab.destroy();
  }
});

test("where UDP is blocked, sound goes over TCP, both ways; where TCP is too, that is said, and why can be copied", async () => {
  const lab = await Lab.start(1);
  try {
    const node = lab.node(0);
    await node.start();
    await lab.wall(0, "udp");
    const ana = await arriveAt(node.members, node, "Ana", { voice: "ana", permissions: ["clipboard-read", "clipboard-write"] });
    const leo = await arriveAt(node.members, node, "Léo", { voice: "leo", raw: true });
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await ana.startRoom("Behind the wall");
    await ana.unmute();
    await leo.goToRoom("Behind the wall");
    const clicked = Date.now();
    await leo.enter("listening");
    await leo.untilHears(15_000);
    console.log(`heard over TCP ${Date.now() - clicked} ms after entering`);
    expect(await leo.protocols()).toEqual(["tcp"]);
    expect(await ana.protocols()).toEqual(["tcp"]);

    // The founder tries the audio from there: it says what is blocked.
    const founder = await ana.page.context().newPage();
    await founder.goto(`${node.url}/node`);
    await expect(founder.getByText(/The audio also listens on TCP port 7081/)).toBeVisible();
    await founder.getByRole("button", { name: "Test the audio from here" }).click();
    await expect(founder.getByText(/This browser reached the audio at .* over TCP/)).toBeVisible({ timeout: 20_000 });
    await expect(founder.getByText(/UDP is blocked between this browser and the node/)).toBeVisible();
    await founder.close();

    await lab.wall(0, "audio");
    await expect(ana.page.getByText("UDP is blocked here; trying TCP")).toBeVisible({ timeout: 40_000 });
    await expect(ana.page.getByText("The sound did not connect.")).toBeVisible({ timeout: 20_000 });
    await expect(ana.page.getByText(/Neither UDP nor TCP gets through/)).toBeVisible();
    await ana.page.getByRole("button", { name: "Copy diagnosis" }).click();
    await expect(ana.page.getByText("Diagnosis copied.", { exact: false })).toBeVisible();
    const diagnosis = await ana.page.evaluate(() => navigator.clipboard.readText());
    expect(JSON.parse(diagnosis)).toMatchObject({ node: expect.stringMatching(/^\d+\.\d+/), sound: { status: "unreachable" } });
    expect(diagnosis).not.toMatch(/10\.77\./);
    await ana.leave();
    await leo.leave();
  } finally {
    await lab.destroy();
  }
});

test("who goes from one network to another hears on after a short silence", async () => {
  const lab = await Lab.start(2);
  try {
    const { ana, leo } = await talk(lab);
    const silence = leo.longestSilence(25_000);
    await leo.page.waitForTimeout(2_000);
    await lab.roam(1);
    await leo.page.waitForTimeout(1_000);
    await leo.untilHears(20_000);
    const longest = await silence;
    console.log(`silent for ${(longest / 1000).toFixed(1)} s after the change of network`);
    expect(longest).toBeLessThan(10_000);
    await expect(leo.page.getByText("Reconnecting…")).toHaveCount(0);
    await ana.leave();
    await leo.leave();
  } finally {
    await lab.destroy();
  }
});
