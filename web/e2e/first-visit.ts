// Measures first visits on a slow phone, and prints a table: `make first-visit`. No bar fails here: a machine that is busy
// is slow. What does not depend on the machine is held by budget.spec.ts.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";
import { bytesOf, noteUsable, phone, throttle, usableAfter, watchVisit } from "./visit";

const rounds = Number(process.env["ROUNDS"] ?? 5);

/** Which share of a processor this process gets: what is taken from the browser to make it a phone is reckoned on it. */
function share(): number {
  const [before, start] = [process.cpuUsage(), performance.now()];
  while (performance.now() - start < 300);
  const { user, system } = process.cpuUsage(before);
  return Math.min(1, (user + system) / 1000 / (performance.now() - start));
}

interface Visitor {
  who: string;
  person: Person;
  address: string;
  /** The control that they came for. */
  control: string;
}

interface Figures {
  usable: number;
  first: number;
  all: number;
  share: number;
}

async function visit({ person, address, control }: Visitor): Promise<Figures> {
  const page = await person.page.context().newPage();
  try {
    const seen = await watchVisit(page);
    const left = share();
    await throttle(seen, Math.max(1, phone.slower * left));
    await page.addInitScript(noteUsable, control);
    await page.goto(address, { waitUntil: "commit" });
    const usable = await usableAfter(page);
    const first = bytesOf(seen.loaded);
    await expect.poll(() => seen.loaded.some(({ path }) => path.includes("/more-")), { timeout: 60_000 }).toBe(true);
    return { usable, first, all: bytesOf(seen.loaded), share: left };
  } finally {
    await page.close();
  }
}

test("first visits on a slow phone", async () => {
  test.setTimeout(30 * 60_000);
  const node = await StoaNode.start();
  const small = { viewport: { width: 390, height: 844 } };
  const ana = await Person.arrive("Ana", { voice: "ana" });
  const zoe = await Person.arrive("Zoe", small);
  const stranger = await Person.arrive("Noor", small);
  const french = await Person.arrive("Inès", { ...small, locale: "fr-FR" });
  const inFrench = await Person.arrive("Éloïse", small);
  try {
    await ana.found(node.ownerLink);
    await zoe.join(await ana.invite());
    await inFrench.join(await zoe.invite());
    await inFrench.page.evaluate(() => localStorage.setItem("stoa.language", '"fr"'));
    const invite = await ana.invite();
    const room = await ana.startRoom("Measured", "Anyone with the link may listen");
    const visitors: Visitor[] = [
      { who: "a member, at a room", person: zoe, address: room, control: ".door-buttons .button-primary:enabled" },
      { who: "a stranger, at a public room", person: stranger, address: room, control: ".door-buttons .button-primary:enabled" },
      { who: "somebody invited", person: stranger, address: invite, control: "form button[type=submit]:enabled" },
      { who: "a member, in the hallway", person: zoe, address: `${node.url}/`, control: ".room-card-title a" },
      { who: "a member, in the hallway, in French", person: inFrench, address: `${node.url}/`, control: "html[lang=fr] .room-card-title a" },
      { who: "a stranger, at a public room, in French", person: french, address: room, control: "html[lang=fr] .door-buttons .button-primary:enabled" },
    ];
    console.log(`the least of ${rounds}, at ${(phone.down * 8) / 1024 / 1024} Mbit/s, ${phone.latency} ms a request, a processor ${phone.slower} times slower`);
    for (const visitor of visitors) {
      const figures: Figures[] = [];
      for (let i = 0; i < rounds; i++) figures.push(await visit(visitor));
      const best = figures.reduce((a, b) => (b.usable < a.usable ? b : a));
      const times = figures.map(({ usable }) => (usable / 1000).toFixed(2)).join(" ");
      console.log(`${visitor.who.padEnd(42)} ${(best.usable / 1000).toFixed(2)} s  ${(best.first / 1000).toFixed(1)} kB, then ${(best.all / 1000).toFixed(1)} kB in all  (${times}; ${Math.round(best.share * 100)}% of a processor)`);
    }
  } finally {
    for (const one of [ana, zoe, stranger, french]) await one.leave();
    await node.destroy();
  }
});
