// What the founder sees of the node, how a second node is added, and the API page under the strict policy.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

test("the founder sees how the node is run, and tries the audio; others see nothing of it", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  try {
    await ana.found(node.ownerLink);
    await ana.page.goto(`${node.url}/me`);
    await ana.page.getByRole("link", { name: "Your node" }).click();
    const { page } = ana;
    const checks = page.getByRole("region", { name: "Checks" });
    await expect(checks.getByText("which browsers on this machine trust without a certificate")).toBeVisible();
    await expect(checks.getByText("Only this user can read the data directory")).toBeVisible();
    await expect(checks.getByText("Give --media an address that others reach")).toBeVisible();
    await expect(checks.getByText("The store takes writes.")).toBeVisible();
    await checks.getByRole("button", { name: "Test the audio from here" }).click();
    await expect(checks.getByText(/This browser reached the audio at 127\.0\.0\.1 over UDP, in \d+ ms/)).toBeVisible({ timeout: 20_000 });
    await expect(checks.getByText("It is on the same machine or network as the node.")).toBeVisible();
    await expect(page.getByText(/^Stoa \d/)).toBeVisible();

    await leo.join(await ana.invite());
    await leo.page.goto(`${node.url}/node`);
    await expect(leo.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("the founder adds a second node by its owner link", async () => {
  const first = await StoaNode.start();
  const second = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const other = await Person.arrive("Otto");
  try {
    await ana.found(first.ownerLink, "The Porch");
    await ana.page.goto(`${first.url}/node`);
    const nodes = ana.page.getByRole("region", { name: "Nodes of the community" });
    await nodes.getByRole("textbox", { name: "Key of the new node" }).fill("did:key:nobody");
    await nodes.getByRole("button", { name: "Add the node" }).click();
    await expect(nodes.getByText("A node’s key begins with did:key:z6Mk")).toBeVisible();
    await nodes.getByRole("textbox", { name: "Key of the new node" }).fill(second.lines.get("node") ?? "");
    await nodes.getByRole("textbox", { name: "Owner link of the new node" }).fill(second.ownerLink);
    await nodes.getByRole("button", { name: "Add the node" }).click();
    const link = nodes.getByRole("textbox", { name: "Last step: open this link" });
    await expect(link).toHaveValue(/#adopt=/);

    await other.page.goto(await link.inputValue());
    await other.page.getByRole("button", { name: "Add this node" }).click();
    await expect(other.page.getByText("The Porch").first()).toBeVisible({ timeout: 30_000 });
    await ana.page.getByRole("button", { name: "Check again" }).click();
    await expect(nodes.getByText("connected", { exact: false }).filter({ hasNotText: "not connected" }).first()).toBeVisible();
    await expect(nodes.getByRole("listitem")).toHaveCount(2);
  } finally {
    await other.leave();
    await ana.leave();
    await second.destroy();
    await first.destroy();
  }
});

test("the API page reads and tries operations, without anybody else and without a word of complaint", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  try {
    const { page } = ana;
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== node.url && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
    });
    const policy = (await page.goto(`${node.url}/docs`))?.headers()["content-security-policy"] ?? "";
    expect(policy).not.toContain("unsafe");
    await expect(page.getByRole("heading", { name: "The API" })).toBeVisible(); // a stranger may read it

    await ana.found(node.ownerLink);
    await page.goto(`${node.url}/docs`);
    await page.getByRole("button", { name: "Use my session" }).click();
    await expect(page.getByRole("textbox", { name: "Session token" })).not.toHaveValue("");
    await page.getByRole("textbox", { name: "Find an operation" }).fill("getMe");
    await page.getByText("/me", { exact: true }).click();
    const form = page.getByRole("form", { name: "Try GET /me" });
    await form.getByRole("button", { name: "Send" }).click();
    await expect(form.getByText(/^200/)).toBeVisible();
    await expect(form.getByText(/"name": "Ana"/)).toBeVisible();

    await page.getByRole("textbox", { name: "Find an operation" }).fill("/rooms/{id}/actions");
    await page.getByText("/rooms/{id}/actions").click();
    const act = page.getByRole("form", { name: "Try POST /rooms/{id}/actions" });
    await act.getByRole("textbox", { name: "id", exact: true }).fill("A".repeat(43));
    complaints.length = 0;
    await act.getByRole("button", { name: "Send" }).click();
    await expect(act.getByText(/^404/)).toBeVisible();
    expect(complaints.filter((text) => !text.includes("404"))).toEqual([]); // the browser notes the refusal, nothing else
    expect(elsewhere).toEqual([]);
  } finally {
    await ana.leave();
    await node.destroy();
  }
});
