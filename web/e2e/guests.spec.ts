// Who may enter a room, in real browsers: somebody who only listens, and becomes a member where they are; chosen people;
// a room that is full; two tabs. What a guest hears is measured.
import { expect, test } from "@playwright/test";
import { guests } from "./guests";
import { StoaNode } from "./node";
import { Person } from "./people";

/** Starts a room that others than members may enter, and is in it. */
async function startRoom(who: Person, title: string, entry: string, choose: readonly string[] = []): Promise<string> {
  await who.page.goto(new URL("/", who.page.url()).href);
  await who.page.getByRole("button", { name: "Start a room" }).first().click();
  const sheet = who.page.getByRole("dialog", { name: "Start a room" });
  await sheet.getByRole("textbox", { name: "Title" }).fill(title);
  await sheet.getByRole("radiogroup", { name: "Who may enter" }).getByRole("radio", { name: entry }).check();
  for (const name of choose) {
    const box = sheet.getByRole("combobox", { name: "People" });
    await box.fill(name);
    await expect(sheet.getByRole("option", { name: new RegExp(name) })).toBeVisible();
    await box.press("Enter");
    await expect(sheet.getByRole("button", { name: `Take ${name} off` })).toBeVisible();
  }
  await sheet.getByRole("button", { name: "Start", exact: true }).click();
  await expect(who.page.getByRole("heading", { name: title })).toBeVisible();
  return who.page.url();
}

async function openSettings(who: Person): Promise<ReturnType<Person["page"]["getByRole"]>> {
  await who.page.getByRole("button", { name: "Room menu" }).click();
  await who.page.getByRole("button", { name: "Room settings" }).click();
  return who.page.getByRole("dialog", { name: "Room settings" });
}

/** What happens in a community of Ana, Léo and Mia. */
async function amongThree(happens: (all: { node: StoaNode; ana: Person; leo: Person; mia: Person }) => Promise<void>): Promise<void> {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana");
  const leo = await Person.arrive("Léo");
  const mia = await Person.arrive("Mia");
  try {
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await mia.join(await ana.invite());
    await happens({ node, ana, leo, mia });
  } finally {
    for (const who of [mia, leo, ana]) await who.leave();
    await node.destroy();
  }
}

const listens = "Anyone with the link may listen";

test("a stranger listens, becomes a member where they are, and is removed", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoé");
  try {
    await ana.found(node.ownerLink);
    const invite = await ana.invite();
    const address = await startRoom(ana, "An open porch", listens);
    await expect(ana.page.getByText("Anyone may listen")).toBeVisible();
    await ana.unmute();

    // Zoé comes by the link, with no account, and hears.
    await zoe.page.goto(address);
    await expect(zoe.page.getByRole("heading", { name: "An open porch" })).toBeVisible();
    await expect(zoe.page.getByRole("button", { name: "Join", exact: true })).toBeVisible();
    const heard = await zoe.untilHearsAfter(() => zoe.page.getByRole("button", { name: "Just listen", exact: true }).click());
    console.log(`a guest hears ${heard.toFixed()} ms after "Just listen"`);
    await zoe.untilHears(20_000);
    await expect(zoe.tile("Ana")).toHaveAttribute("data-speaking", "true");
    await expect(ana.page.getByText("1 guest listening")).toBeVisible();

    // She sees nothing that she may not use.
    for (const name of ["Raise hand", "Ask a question", "Reactions", "Invite people", "People", "Unmute"]) {
      await expect(zoe.page.getByRole("button", { name, exact: true })).toHaveCount(0);
    }
    await expect(zoe.page.getByRole("region", { name: "Stage" }).getByRole("button")).toHaveCount(0);
    await zoe.page.getByRole("button", { name: "Room menu" }).click();
    await expect(zoe.page.getByRole("dialog").getByRole("button")).toHaveText(["", "Copy link", "Keyboard shortcuts", "English", "Français"]);
    await zoe.page.keyboard.press("Escape");

    // A reload brings her back, as a guest and once.
    await zoe.page.reload();
    await expect(zoe.page.getByText("You listen as a guest.")).toBeVisible();
    await zoe.untilHears(20_000);
    await expect(ana.page.getByText("1 guest listening")).toBeVisible();

    // In a second tab she listens there instead: never both.
    const second = await zoe.page.context().newPage();
    await second.goto(address);
    await second.getByRole("button", { name: "Listen here instead" }).click();
    await expect(second.getByText("You listen as a guest.")).toBeVisible();
    await expect(zoe.page.getByRole("button", { name: "Listen here instead" })).toBeVisible();
    await expect(ana.page.getByText("1 guest listening")).toBeVisible();
    const before = (await zoe.hears()).packets;
    await second.waitForTimeout(1_000);
    expect((await zoe.hears()).packets).toBe(before);
    await zoe.page.getByRole("button", { name: "Listen here instead" }).click();
    await expect(zoe.page.getByText("You listen as a guest.")).toBeVisible();
    await expect(second.getByText("You listen as a guest.")).toHaveCount(0);
    await second.close();
    await zoe.untilHears(20_000);

    // She joins by an invite, and never leaves the room's page.
    await zoe.page.getByRole("button", { name: "Join", exact: true }).click();
    const sheet = zoe.page.getByRole("dialog", { name: "Join The Porch" });
    await sheet.getByRole("textbox", { name: "Invite link" }).fill(address);
    await sheet.getByRole("button", { name: "Continue" }).click();
    await expect(sheet.getByText(/This is no invite link/)).toBeVisible();
    await sheet.getByRole("textbox", { name: "Invite link" }).fill(invite);
    await sheet.getByRole("button", { name: "Continue" }).click();
    await expect(sheet.getByText("Ana invites you to The Porch.")).toBeVisible();
    await zoe.untilHears(20_000); // all the while
    await sheet.getByRole("textbox", { name: "Your name" }).fill("Zoé");
    await sheet.getByRole("button", { name: "Join", exact: true }).click();
    await expect(zoe.page.getByRole("button", { name: "Raise hand" })).toBeVisible();
    expect(zoe.page.url()).toBe(address);
    await zoe.untilHears(20_000);
    await expect(ana.page.getByText("1 listening", { exact: true })).toBeVisible();
    await expect(ana.page.getByText(/guest/)).toHaveCount(0);

    // She is removed, and no way leads back: not by her name, nor by her key as a guest.
    await ana.page.getByRole("region", { name: "Audience" }).getByRole("button", { name: /Zoé/ }).click();
    await ana.page.getByRole("dialog", { name: /Zoé/ }).getByRole("button", { name: "Remove from room" }).click();
    const removing = ana.page.getByRole("dialog", { name: "Remove Zoé?" });
    await removing.getByRole("textbox", { name: "Reason" }).fill("Only a trial");
    await removing.getByRole("button", { name: "Remove", exact: true }).click();
    const removed = zoe.page.getByRole("heading", { name: "You were removed from this room" });
    await expect(removed).toBeVisible();
    await zoe.page.goto(address);
    await expect(removed).toBeVisible();
    await expect(zoe.page.getByRole("button", { name: "Just listen" })).toHaveCount(0);
    expect((await zoe.hears()).packets).toBe(0);
  } finally {
    await zoe.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("a guest becomes a member by a recovery file, by asking and through the open door, and stays in the room", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const leo = await Person.arrive("Léo");
  const zoe = await Person.arrive("Zoé");
  const kim = await Person.arrive("Kim");
  const passphrase = "olives and figs";
  /** By the link into the room, as a guest, and to the ways in. */
  const listen = async (who: Person, address: string): Promise<ReturnType<Person["page"]["getByRole"]>> => {
    await who.page.goto(address);
    await who.page.getByRole("button", { name: "Just listen", exact: true }).click();
    await who.untilHears(20_000);
    await who.page.getByRole("button", { name: "Join", exact: true }).click();
    return who.page.getByRole("dialog", { name: "Join The Porch" });
  };
  const isMemberThere = async (who: Person, address: string): Promise<void> => {
    await expect(who.page.getByRole("button", { name: "Raise hand" })).toBeVisible({ timeout: 20_000 });
    expect(who.page.url()).toBe(address);
    await who.untilHears(20_000);
  };
  /** The founder, at the community's page, changes how people come in. */
  const setEntry = async (entry: string): Promise<void> => {
    await ana.page.getByRole("radio", { name: entry }).check();
    await ana.page.getByRole("button", { name: "Change the rules" }).click();
    await expect(ana.page.getByText("The new rules are in force.")).toBeVisible();
  };
  try {
    await ana.found(node.ownerLink);
    await leo.join(await ana.invite());
    await leo.page.goto(`${node.url}/recovery`);
    await leo.page.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
    const saved = leo.page.waitForEvent("download");
    await leo.page.getByRole("button", { name: "Save recovery file" }).click();
    const file = test.info().outputPath("recovery.json");
    await (await saved).saveAs(file);
    await leo.leave();
    await ana.page.goto(`${node.url}/community`);
    await setEntry("People with an invite, and whoever asks and is let in");
    const address = await startRoom(ana, "An open porch", listens);
    await ana.unmute();

    // Léo at another browser: the page of the recovery file is over no sheet, and leads back.
    const desk = await Person.arrive("Léo");
    try {
      await (await listen(desk, address)).getByRole("link", { name: "I have a recovery file" }).click();
      await expect(desk.page.getByRole("dialog")).toHaveCount(0);
      await desk.untilHears(20_000); // all the while
      await desk.page.getByLabel("Recovery file", { exact: true }).setInputFiles(file);
      await desk.page.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
      await desk.page.getByRole("button", { name: "Open recovery file" }).click();
      await expect(desk.page.getByText("You are in the room as Léo now.")).toBeVisible({ timeout: 20_000 });
      await isMemberThere(desk, address);
    } finally {
      await desk.leave();
    }

    // Zoé asks, goes to the front page and back, and is let in where she is.
    const asking = await listen(zoe, address);
    await asking.getByRole("textbox", { name: "Your name" }).fill("Zoé");
    await asking.getByRole("button", { name: "Ask to join" }).click();
    await expect(asking.getByText(/As soon as somebody lets you in/)).toBeVisible();
    await zoe.page.keyboard.press("Escape");
    await zoe.page.getByRole("link", { name: "To The Porch" }).click();
    await expect(zoe.page.getByRole("heading", { name: "Your request is waiting" })).toBeVisible();
    await zoe.page.getByRole("region", { name: "Your room" }).getByRole("link").click();
    await expect(zoe.page.getByText("You listen as a guest.")).toBeVisible();
    await ana.page.getByRole("link", { name: "Back to the hallway" }).click();
    await ana.page.getByRole("link", { name: "Answer" }).click();
    await ana.page.getByRole("button", { name: "Let in Zoé" }).click();
    await expect(zoe.page.getByText("You are a member now.")).toBeVisible({ timeout: 20_000 });
    await isMemberThere(zoe, address);

    // The door opens, and Kim walks in.
    await setEntry("Everybody");
    const joining = await listen(kim, address);
    await joining.getByRole("textbox", { name: "Your name" }).fill("Kim");
    await joining.getByRole("button", { name: "Join", exact: true }).click();
    await isMemberThere(kim, address);
    await ana.page.getByRole("region", { name: "Your room" }).getByRole("link").click();
    await expect(ana.page.getByRole("region", { name: "Audience" })).toContainText("Kim");
  } finally {
    for (const who of [kim, zoe, leo, ana]) await who.leave();
    await node.destroy();
  }
});

test("a guest listens by way of another node, and is told when the room closes to guests", async () => {
  const node = await StoaNode.start();
  const other = await StoaNode.start([node]);
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const mia = await Person.arrive("Mia");
  const zoe = await Person.arrive("Zoé");
  try {
    await ana.found(node.ownerLink);
    await mia.found(other.ownerLink, "Le Square");
    const address = await startRoom(ana, "Heard across the water", listens);
    await ana.unmute();
    const there = address.replace(node.url, other.url);
    await mia.page.goto(`${other.url}/`);
    await expect(mia.page.getByRole("link", { name: /Heard across/ })).toBeVisible({ timeout: 20_000 });

    await zoe.page.goto(there);
    await zoe.page.getByRole("button", { name: "Just listen", exact: true }).click();
    await zoe.untilHears(10_000);
    await expect(ana.page.getByText("1 guest listening")).toBeVisible();
    await zoe.page.reload();
    await zoe.untilHears(10_000);
    await expect(ana.page.getByText("1 guest listening")).toBeVisible();

    // Ana closes the door to guests: in two steps, and Zoé is told why.
    const settings = await openSettings(ana);
    await settings.getByRole("radio", { name: /^Members of/ }).check();
    await expect(settings.getByText("1 guest leaves at once.")).toBeVisible();
    await settings.getByRole("button", { name: "Change who may enter" }).click();
    await expect(zoe.page.getByRole("heading", { name: "Members only" })).toBeVisible();
    await expect(zoe.page.getByText(/This room is for members/)).toBeVisible();
    await expect(settings.getByText("Ana let members in, and nobody else.")).toBeVisible();
    const line = settings.getByRole("listitem").filter({ hasText: "Ana let members in" });
    await expect(line).toContainText("verified");
    await ana.page.keyboard.press("Escape");
    await expect(ana.page.getByText("Members only")).toBeVisible();
    await zoe.page.reload();
    await expect(zoe.page.getByText("This room is for members.")).toBeVisible();
    await expect(zoe.page.getByRole("button", { name: "Just listen" })).toHaveCount(0);
  } finally {
    for (const who of [zoe, mia, ana]) await who.leave();
    await other.destroy();
    await node.destroy();
  }
});

test("only chosen people enter, and who may no longer be there is told why", () => amongThree(async ({ node, ana, leo, mia }) => {
  const address = await startRoom(ana, "A quiet corner", "Only people I choose", ["Léo"]);
  await expect(ana.page.getByText("Chosen people")).toBeVisible();

  await leo.goToRoom("A quiet corner");
  await leo.enter("listening");
  await mia.page.goto(`${node.url}/`);
  await expect(mia.page.getByRole("link", { name: /A quiet corner/ })).toHaveCount(0);
  await mia.page.goto(address);
  await expect(mia.page.getByText(/ask one of them to choose you/)).toBeVisible();

  // Ana chooses her while the room lives, and she tries again.
  const settings = await openSettings(ana);
  const box = settings.getByRole("combobox", { name: "Chosen people" });
  await box.fill("mi");
  await expect(settings.getByRole("option", { name: /Mia/ })).toBeVisible();
  await box.press("Escape");
  await expect(settings.getByRole("option", { name: /Mia/ })).toHaveCount(0);
  await expect(settings).toBeVisible(); // Escape has closed the list alone
  await box.press("ArrowDown");
  await expect(settings.getByRole("option", { name: /Mia/ })).toBeVisible();
  await box.press("Enter");
  await expect(settings.getByText("Ana chose Mia.")).toBeVisible();
  await mia.page.getByRole("button", { name: "Try again" }).click();
  await mia.enter("listening");

  // And takes her off again.
  await settings.getByRole("button", { name: "Take Mia off" }).click();
  await expect(box).toBeFocused();
  await expect(mia.page.getByRole("heading", { name: "This room is for chosen people." })).toBeVisible();
  await expect(leo.page.getByRole("region", { name: "Stage" })).toBeVisible();
}));

test("whoever finds a room full waits, and is taken in when there is a place", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoé");
  try {
    await ana.found(node.ownerLink);
    const address = await startRoom(ana, "Crowded steps", listens);
    await ana.unmute();
    const places = await guests(node.url, address.split("/").at(-1) ?? "", 200); // all that one address has
    await zoe.page.goto(address);
    await zoe.page.getByRole("button", { name: "Just listen", exact: true }).click();
    const waiting = zoe.page.getByText(/Waiting for a place/);
    await expect(waiting).toBeVisible();
    await zoe.page.getByRole("button", { name: "Stop waiting" }).click();
    await expect(zoe.page.getByRole("button", { name: "Just listen", exact: true })).toBeVisible();
    await zoe.page.getByRole("button", { name: "Just listen", exact: true }).click();
    await expect(waiting).toBeVisible();
    await places[0]?.();
    await expect(zoe.page.getByText("There was a place: you are in the room.")).toBeVisible({ timeout: 30_000 });
    await zoe.untilHears(20_000);
  } finally {
    await zoe.leave();
    await ana.leave();
    await node.destroy();
  }
});

test("the focus stays in the queue of hands when a hand goes", () => amongThree(async ({ ana, leo, mia }) => {
  await ana.startRoom("Figs and olives");
  for (const who of [leo, mia]) {
    await who.goToRoom("Figs and olives");
    await who.enter("listening");
    await who.page.getByRole("button", { name: "Raise hand" }).click();
  }
  const hands = ana.page.getByRole("region", { name: "Hands" });
  const invite = hands.getByRole("button", { name: "Invite Léo to the stage" });
  await invite.focus();
  await ana.page.keyboard.press("Enter");
  await expect(invite).toHaveAttribute("aria-disabled", "true");
  await expect(invite).toBeFocused();
  await leo.page.getByRole("button", { name: "Join the stage" }).click();
  await expect(hands.getByRole("button", { name: "Invite Mia to the stage" })).toBeFocused();

  // The last one, dismissed from where a screen reader put the focus: it stays with the queue, and what follows comes next.
  await hands.getByRole("button", { name: "Dismiss Mia" }).focus();
  await ana.page.keyboard.press("Enter");
  await expect(hands.getByText("No raised hands.")).toBeVisible();
  await expect(hands).toBeFocused();
  const audience = ana.page.getByRole("region", { name: "Audience" });
  await expect(audience.getByRole("button")).toHaveText([/Mia$/]); // which is told once a second
  await ana.page.keyboard.press("Tab");
  await expect(audience.getByRole("button", { name: "Mia" })).toBeFocused();

  // So it does with the audience.
  await mia.page.getByRole("button", { name: "Leave quietly" }).click();
  await expect(audience.getByRole("button")).toHaveCount(0);
  await expect(audience).toBeFocused();
}));
