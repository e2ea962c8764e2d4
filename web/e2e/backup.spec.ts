// A node is lost, and restored from its backup at the same address: its founder approves it, and the evening goes on.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("the founder approves a restored node on its page, withdraws the lost one, and a member enters a room", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  const zoe = await Person.arrive("Zoé");
  try {
    await ana.found(node.ownerLink, "The Porch");
    await leo.join(await ana.invite());
    const open = await ana.invite();
    const lost = node.lines.get("node") ?? "";
    await node.restore(await node.backup());
    const anew = node.lines.get("node") ?? "";
    expect(anew).not.toBe(lost);
    expect(node.lines.has("owner")).toBe(false);

    // A member is told what they wait for, wherever they look; a stranger when they try.
    await leo.page.goto(node.url);
    const told = leo.page.getByRole("complementary", { name: "Restored from a backup" });
    await expect(told).toContainText("until the founder has signed in here and approved it");
    await expect(told.getByRole("link")).toHaveCount(0);
    await leo.page.getByRole("button", { name: "Start a room" }).first().click();
    await leo.page.getByRole("textbox", { name: "Title" }).fill("Too soon");
    await leo.page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(leo.page.getByText("no room can be opened until the founder has signed in here and approved it").last()).toBeVisible();
    await zoe.page.goto(open);
    await zoe.page.getByRole("textbox", { name: "Your name" }).fill("Zoé");
    await zoe.page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(zoe.page.getByText("nobody can join and no room can be opened until the founder")).toBeVisible();

    // The founder is led to the one button.
    const { page } = ana;
    await page.goto(node.url);
    const banner = page.getByRole("complementary", { name: "Restored from a backup" });
    await expect(banner).toContainText("until you approve it");
    await banner.getByRole("link", { name: "Approve it" }).click();
    const card = page.getByRole("region", { name: "This node was restored from a backup" });
    await expect(card).toContainText(anew);
    await expect(page.getByRole("region", { name: "Checks" })).toContainText("has a new key, for which there is no word of the founder’s yet");
    await expect(page.getByText("1970")).toHaveCount(0);
    await card.getByRole("button", { name: "Approve this node" }).click();
    await expect(card).toHaveCount(0);
    await expect(page.getByRole("region", { name: "Checks" })).toContainText("The founder’s word for this node holds until");

    // The lost one goes.
    const before = page.getByRole("region", { name: "The node before this one" });
    await expect(before).toContainText(lost);
    await before.getByRole("button", { name: "Withdraw the lost node" }).click();
    await page.getByRole("dialog", { name: "Withdraw this node?" }).getByRole("button", { name: "Withdraw it" }).click();
    await expect(before).toHaveCount(0);
    const nodes = page.getByRole("region", { name: "Nodes of the community" });
    await expect(nodes.getByRole("listitem")).toHaveCount(2);
    await expect(nodes.getByRole("listitem").filter({ hasText: lost })).toContainText("withdrawn");
    await expect(nodes.getByRole("listitem").filter({ hasText: anew })).toContainText("this node");

    // And on: the invite of before is good, and who was a member enters a room.
    await ana.startRoom("Here again");
    await zoe.page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(zoe.page.getByRole("heading", { name: "Save your recovery file" })).toBeVisible();
    await leo.page.goto(node.url);
    await expect(leo.page.getByRole("heading", { name: "Live now" })).toBeVisible();
    await expect(told).toHaveCount(0);
    await leo.goToRoom("Here again");
    await leo.enter("listening");
    await expect(page.getByRole("region", { name: "Audience" })).toContainText("Léo");
  } finally {
    await zoe.leave();
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
