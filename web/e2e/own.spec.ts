// What is one's own: taking one's data along, leaving for good, sessions, the key's file, and the founder's nodes.
import { readFile } from "node:fs/promises";
import { expect, test, type Download, type Page } from "@playwright/test";
import { founding } from "../src/sdk/founding";
import { newSeed, publicKeyOfSeed, signerOfSeed } from "../src/sdk/seed";
import { commitmentOf, newText, sign } from "../src/sdk/statement";
import { StoaNode } from "./node";
import { Person } from "./people";

const name = "Zénobie Quétsch";

async function downloaded(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent("download");
  await press();
  const file: Download = await coming;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test("a member takes everything along, and leaves for good", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const zoe = await Person.arrive(name);
  try {
    await ana.found(node.ownerLink, "The Porch");
    await zoe.join(await ana.invite());
    const { page } = zoe;
    const second = await page.context().newPage();
    await second.goto(node.url);
    await expect(second.getByRole("heading", { name: "Live now" })).toBeVisible();
    await page.goto(`${node.url}/me`);

    // One archive, as the node makes it.
    const data = page.getByRole("region", { name: "Your data" });
    const archive = await downloaded(page, () => data.getByRole("button", { name: "Download everything" }).click());
    expect(archive.name).toMatch(/^stoa-.{8}-\d{4}-\d\d-\d\d\.zip$/);
    for (const part of ["PK", "README.txt", "me.json", "statements.json", "chain.json", "sessions.json"]) {
      expect(archive.bytes.includes(part), part).toBe(true);
    }
    await expect(page.getByText("Your archive is in your downloads.")).toBeVisible();

    // What may go wrong with it.
    await page.route("**/me/export", (route) => route.abort());
    await data.getByRole("button", { name: "Download everything" }).click();
    await expect(data.getByText("The node does not answer.")).toBeVisible();
    await page.unroute("**/me/export");
    await page.route("**/me/export", (route) =>
      route.fulfill({
        status: 429, contentType: "application/problem+json",
        body: JSON.stringify({ type: "", title: "Later.", status: 429, code: "rate-limited" }),
      }));
    await data.getByRole("button", { name: "Download everything" }).click();
    await expect(data.getByText("The node is making archives for others just now.")).toBeVisible();
    await page.unroute("**/me/export");

    // The founder is told that they cannot.
    await ana.page.goto(`${node.url}/me`);
    const founders = ana.page.getByRole("region", { name: "Leave for good" });
    await expect(founders).toContainText("As the founder you cannot be erased");
    await expect(founders.getByRole("button")).toHaveCount(0);

    // Zénobie is asked for her name, may think better of it, and is told when the node does not answer.
    await page.getByRole("button", { name: "Erase me", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Erase yourself?" });
    await expect(dialog).toContainText("What goes, at once");
    await expect(dialog).toContainText("What stays, and why");
    await dialog.getByRole("button", { name: "Erase me for good" }).click();
    await expect(dialog.getByText("That is not your name as it stands here.")).toBeVisible();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Erase me", exact: true })).toBeFocused();
    await page.getByRole("button", { name: "Erase me", exact: true }).click();
    await dialog.getByRole("textbox", { name: "Type your name to confirm" }).fill(` ${name.toUpperCase()} `);
    await page.route("**/me/erase", (route) => route.abort());
    await dialog.getByRole("button", { name: "Erase me for good" }).click();
    await expect(dialog.getByText("The node does not answer.")).toBeVisible();
    await page.unroute("**/me/erase");
    await dialog.getByRole("button", { name: "Erase me for good" }).click();

    // It is done, in every tab; the key is gone from the browser, and she is a stranger.
    await expect(page.getByRole("heading", { name: "You are forgotten here" })).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText("The Porch has erased you")).toBeVisible();
    await expect(second.getByRole("heading", { name: "You are forgotten here" })).toBeVisible();
    await page.reload();
    await expect(page.getByText("If a member has invited you, open the link in this browser.")).toBeVisible();
    await expect(page.getByText("This browser holds a key")).toHaveCount(0);
    expect(await page.evaluate(() => localStorage.getItem("stoa.session"))).toBeNull();
    await ana.page.goto(`${node.url}/invites`);
    await expect(ana.page.getByRole("main")).not.toContainText(name);
  } finally {
    await zoe.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("the recovery file is a member's way into another browser, and they sign that out again", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const phone = await Person.arrive("Léo", { viewport: { width: 390, height: 844 } });
  const desk = await Person.arrive("Léo");
  const passphrase = "olives and figs";
  try {
    await ana.found(node.ownerLink, "The Porch");
    await phone.join(await ana.invite());
    const room = await ana.startRoom("Evening");

    // Forgetting the browser asks for the file first; the file is saved, and saved again.
    const { page } = phone;
    await page.goto(`${node.url}/me`);
    await page.getByRole("button", { name: "Forget this browser" }).click();
    const forget = page.getByRole("dialog", { name: "Forget this browser?" });
    await expect(forget).toContainText("You have not saved a recovery file.");
    await forget.getByRole("link", { name: "Save the recovery file first" }).click();
    await page.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
    const file = await downloaded(page, () => page.getByRole("button", { name: "Save recovery file" }).click());
    await expect(page.getByRole("heading", { name: "Léo" })).toBeVisible();
    const key = page.getByRole("region", { name: "Your key" });
    await expect(key).toContainText("A private window forgets everything when it closes, and Safari forgets pages not visited for seven days.");
    const again = await downloaded(page, () => key.getByRole("button", { name: "Save the recovery file again" }).click());
    expect([again.name, again.bytes.toString()]).toEqual([file.name, file.bytes.toString()]);

    // Another browser opens it: a wrong passphrase, then the right one.
    await desk.page.goto(node.url);
    await desk.page.getByRole("link", { name: "I have a recovery file" }).click();
    await desk.page.getByLabel("Recovery file", { exact: true }).setInputFiles({ name: file.name, mimeType: "application/json", buffer: file.bytes });
    await desk.page.getByRole("textbox", { name: "Passphrase" }).fill("olives and dates");
    await desk.page.getByRole("button", { name: "Open recovery file" }).click();
    await expect(desk.page.getByText("The passphrase does not open this file.")).toBeVisible();
    await desk.page.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
    await desk.page.getByRole("button", { name: "Open recovery file" }).click();
    await expect(desk.page.getByRole("heading", { name: "Live now" })).toBeVisible();
    await desk.page.reload(); // and is the same session
    await desk.page.goto(room);
    await desk.enter("listening");
    await expect(ana.page.getByRole("region", { name: "Audience" })).toContainText("Léo");

    // The phone sees both, and signs the other one out: the room lets it go at once.
    await page.reload();
    const sessions = page.getByRole("region", { name: "Where you are signed in" });
    await expect(sessions.getByRole("listitem")).toHaveCount(2);
    await expect(sessions.getByRole("listitem").filter({ hasText: "This browser" })).toHaveCount(1);
    const other = sessions.getByRole("listitem").filter({ hasNotText: "This browser" });
    await expect(other).toContainText(/Chrome, Linux.*in use now/);
    await sessions.getByRole("button", { name: /^Sign out: Chrome, Linux/ }).click();
    await expect(sessions.getByRole("listitem")).toHaveCount(1);
    await expect(desk.page.getByRole("heading", { name: "You are signed out here" })).toBeVisible();
    await expect(ana.page.getByRole("region", { name: "Audience" })).not.toContainText("Léo");

    // It stays out over a reload, until somebody signs in there.
    await desk.page.reload();
    await expect(desk.page.getByRole("heading", { name: "You are signed out here" })).toBeVisible();
    await desk.page.getByRole("button", { name: "Sign in again" }).click();
    await expect(desk.page.getByRole("heading", { name: "You are signed out here" })).toHaveCount(0);
    await desk.page.goto(`${node.url}/me`);
    await expect(desk.page.getByRole("heading", { name: "Léo" })).toBeVisible();
    const theirs = desk.page.getByRole("region", { name: "Where you are signed in" });
    await theirs.getByRole("button", { name: "Sign out the other one" }).click();
    await expect(theirs.getByRole("listitem")).toHaveCount(1);
    await page.reload();
    await expect(page.getByRole("heading", { name: "You are signed out here" })).toBeVisible();
    await page.getByRole("button", { name: "Forget this browser" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Forget my key" }).click();
    await expect(page.getByText("If a member has invited you, open the link in this browser.")).toBeVisible();
  } finally {
    await desk.leave();
    await phone.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("a node asks the founder to be one of theirs, is approved, withdrawn and added again", async () => {
  const first = await StoaNode.start();
  const second = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const otto = await Person.arrive("Otto");
  try {
    await ana.found(first.ownerLink, "The Porch");
    const key = second.lines.get("node") ?? "";
    const { page } = ana;

    // Whoever runs the second node makes the request.
    await otto.page.goto(second.ownerLink);
    const request = otto.page.getByRole("region", { name: "Or add it to a community that there is" });
    await expect(request).toContainText(key);
    await request.getByRole("textbox", { name: "Address of the community’s node" }).fill("cafe.example/node");
    await request.getByRole("button", { name: "Make a request" }).click();
    await expect(request.getByText("This is no address of a node.")).toBeVisible();
    await request.getByRole("textbox", { name: "Address of the community’s node" }).fill(`${first.url}/`);
    await request.getByRole("button", { name: "Make a request" }).click();
    const link = await request.getByRole("textbox", { name: "Request for the founder" }).inputValue();

    // The founder compares, and signs; the new node's own page takes it from there, and so does Otto's.
    await page.goto(link.slice(0, -40));
    await expect(page.getByText("This request is incomplete.")).toBeVisible();
    await page.goto(link);
    const asked = page.getByRole("region", { name: "A node asks to be one of yours" });
    await expect(asked).toContainText(key);
    await expect(asked).toContainText(second.lines.get("peer") ?? "a peer");
    await asked.getByRole("button", { name: "Approve this node" }).click();
    await page.getByRole("button", { name: "Add this node" }).click({ timeout: 20_000 });
    await expect(page.getByText("The Porch").first()).toBeVisible({ timeout: 30_000 });
    await expect(otto.page.getByRole("heading", { name: "The Porch" })).toBeVisible({ timeout: 30_000 });

    // And back again.
    await page.goto(`${first.url}/node`);
    const nodes = page.getByRole("region", { name: "Nodes of the community" });
    await expect(nodes.getByRole("listitem")).toHaveCount(2);
    const mark = key.slice(-6);
    await nodes.getByRole("button", { name: `Withdraw the node ${mark}` }).click();
    await page.getByRole("dialog", { name: "Withdraw this node?" }).getByRole("button", { name: "Withdraw it" }).click();
    await expect(nodes.getByRole("listitem").filter({ hasText: key })).toContainText("withdrawn");
    await nodes.getByRole("button", { name: `Add the node ${mark} again` }).click();
    await expect(nodes.getByRole("button", { name: `Withdraw the node ${mark}` })).toBeVisible();
  } finally {
    await otto.leave();
    await ana.leave();
    await second.destroy();
    await first.destroy();
  }
});

test("the founder's word for a node is renewed by their visit, without a question", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  try {
    // A community founded for 30 days only.
    const seed = newSeed();
    const root = await signerOfSeed(seed);
    const now = Math.floor(Date.now() / 1000);
    const title = newText("The Porch");
    const said = founding(root.did, node.lines.get("node") ?? "", await commitmentOf(title), now);
    said.delegate.claims.exp = now + 30 * 86_400;
    const founded = await fetch(`${node.url}/api/v1/found`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        secret: node.ownerLink.split("#owner=")[1],
        name: title,
        delegate: await sign(said.delegate, root),
        rules: await sign(said.rules, root),
        profile: await sign({ kind: "profile", claims: { aud: root.did, iat: now, name: "Ana" } }, root),
      }),
    });
    expect(founded.status).toBe(201);

    // Their browser has the key. They come by, and look.
    const { page } = ana;
    await page.goto(node.url);
    await expect(page.getByRole("heading", { name: "The Porch" })).toBeVisible();
    const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
    await page.evaluate(async ({ did, d, x }) => {
      const privateKey = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", d, x }, "Ed25519", false, ["sign"]);
      await new Promise((done, fail) => {
        const opening = indexedDB.open("stoa", 1);
        opening.onerror = () => { fail(new Error("no database")); };
        opening.onsuccess = () => {
          const writing = opening.result.transaction("keys", "readwrite");
          writing.objectStore("keys").put({ did, privateKey }, "member");
          writing.oncomplete = done;
        };
      });
    }, { did: root.did, d: encode(seed), x: encode(await publicKeyOfSeed(seed)) });
    const renewed = page.waitForResponse((response) => response.url().endsWith("/nodes") && response.request().method() === "POST");
    await page.reload();
    expect((await renewed).status()).toBe(204);
    await expect(page.getByRole("heading", { name: "Live now" })).toBeVisible();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await page.goto(`${node.url}/node`);
    const date = (at: number) => new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(at * 1000);
    const year = 365 * 86_400;
    await expect(page.getByText(new RegExp(`holds until (${date(now + year)}|${date(now + year + 86_400)})`))).toBeVisible();
  } finally {
    await ana.leave();
    await node.destroy();
  }
});

test("a page that is older than its node says so, but not in a room", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  try {
    await ana.found(node.ownerLink);
    const { page } = ana;
    await page.goto(node.url);
    await page.route("**/api/v1/node", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json() as object), version: "99.0" } });
    });
    const reload = page.getByRole("button", { name: "New version: reload" });
    await page.getByRole("link", { name: "Profile" }).click();
    await page.getByRole("link", { name: /Hallway/ }).click(); // coming back, it looks again
    await expect(reload).toBeVisible();
    await page.getByRole("link", { name: "Profile" }).click();
    await expect(reload).toBeVisible();
    await page.getByRole("link", { name: /Hallway/ }).click();
    await page.getByRole("button", { name: "Start a room" }).first().click();
    await page.getByRole("textbox", { name: "Title" }).fill("Evening");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.getByRole("region", { name: "Stage" })).toBeVisible();
    await expect(reload).toHaveCount(0);
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("group", { name: "Language" }).getByRole("button", { name: "Français" }).click();
    await expect(page.getByRole("region", { name: "Scène" })).toBeVisible();
  } finally {
    await ana.leave();
    await node.destroy();
  }
});

test("browsers that lack something are told what", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  try {
    const context = ana.page.context();
    const opens = async (prepare: (page: Page) => Promise<unknown>): Promise<Page> => {
      const page = await context.newPage();
      await prepare(page);
      await page.goto(node.url);
      return page;
    };
    const noKeys = await opens((page) => page.addInitScript(() => {
      Object.assign(crypto.subtle, { generateKey: () => Promise.reject(new DOMException("", "NotSupportedError")) });
    }));
    await expect(noKeys.getByText("It lacks: Ed25519.")).toBeVisible();
    const noCalls = await opens((page) => page.addInitScript(() => { Reflect.deleteProperty(window, "RTCPeerConnection"); }));
    await expect(noCalls.getByText("It lacks: WebRTC.")).toBeVisible();
    const oldest = await opens((page) => page.route(/\/assets\/index-.*\.js$/u, (route) =>
      route.fulfill({ contentType: "text/javascript", body: "class A { later ?? }" })));
    await expect(oldest.getByRole("heading", { name: "This browser is too old" })).toBeVisible();
    await expect(oldest.getByText("It lacks: JavaScript (ES2023).")).toBeVisible();

    const plain = await ana.browser.newContext({ javaScriptEnabled: false });
    const unscripted = await plain.newPage();
    await unscripted.goto(node.url);
    await expect(unscripted.locator(".noscript")).toContainText("Stoa needs JavaScript");
    await plain.close();

    const answer = await ana.page.goto(`${node.url}/nowhere`);
    expect(answer?.status()).toBe(404);
    await expect(ana.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
    for (const [path, type] of [["/manifest.webmanifest", "application/manifest+json"], ["/favicon.svg", "image/svg+xml"], ["/apple-touch-icon.png", "image/png"], ["/icon-512.png", "image/png"]] as const) {
      const icon = await ana.page.request.get(node.url + path);
      expect([path, icon.status(), icon.headers()["content-type"]]).toEqual([path, 200, type]);
    }
  } finally {
    await ana.leave();
    await node.destroy();
  }
});
