// What the tests between nodes stand on: browsers at addresses of their own.
import { expect, test } from "@playwright/test";
import { arriveAt, Lab } from "./lab";

test("browsers talk from addresses of their own, and a partition is between them", async () => {
  const lab = await Lab.start(2);
  try {
    const [here, there] = [lab.node(0), lab.node(1)];
    await here.start();
    const ana = await arriveAt(here.members, here, "Ana", { voice: "ana" });
    const leo = await arriveAt(there.members, here, "Léo");
    await ana.found(here.ownerLink);
    await leo.join(await ana.invite());
    await ana.startRoom("Evening talk");
    await ana.unmute();
    await lab.resetFlows(0);
    await leo.goToRoom("Evening talk");
    await leo.enter("listening");
    await leo.untilHears();

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
