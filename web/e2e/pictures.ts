// Takes the pictures of docs/images: run by `npm run pictures`, or for one walk by `npm run pictures -- -g evening`.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { chromium, test, type Page } from "@playwright/test";
import { Walk, type Look } from "./walk";
import { walks } from "./walks";

const images = resolve(import.meta.dirname, "../../docs/images");

/** The columns of a picture; its rows are the languages. */
const looks: readonly Look[] = [
  { width: 390, height: 844, theme: "light" },
  { width: 390, height: 844, theme: "dark" },
  { width: 1280, height: 800, theme: "light" },
  { width: 1280, height: 800, theme: "dark" },
];

/** Those that README.md shows by themselves. */
const single = ["room-talking-1280-dark-en", "hallway-390-light-en", "room-moderator-390-light-en"];

for (const [name, way] of Object.entries(walks)) {
  test(`pictures: ${name}`, async () => {
    test.setTimeout(900_000);
    const taken = new Map<string, Buffer[]>();
    for (const language of ["en", "fr"] as const) {
      await new Walk(language, looks, async (stop, page, { width, theme }) => {
        const picture = await page.screenshot();
        taken.set(stop, [...(taken.get(stop) ?? []), picture]);
        const alone = `${stop}-${width}-${theme}-${language}`;
        if (single.includes(alone)) await writeFile(resolve(images, `${alone}.png`), picture);
      }).along(way);
    }
    const folder = resolve(images, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    const page = await browser.newPage();
    for (const [stop, pictures] of taken) await writeFile(resolve(folder, `${stop}.webp`), await sheet(page, pictures));
    await browser.close();
    const listed = [...taken.keys()].map((stop) => `## ${stop}\n\n![${stop}](${stop}.webp)\n`);
    await writeFile(resolve(folder, "README.md"), `# Pages of the walk "${name}"\n\n${listed.join("\n")}`);
  });
}

/** One picture of many: English above French, a phone's beside a desk's, light beside dark. */
async function sheet(page: Page, pictures: readonly Buffer[]): Promise<Buffer> {
  const shown = pictures.map((png) => `<img src="data:image/png;base64,${png.toString("base64")}">`);
  await page.setContent(`<style>
    body { display: inline-grid; grid-template-columns: repeat(${looks.length}, auto); gap: 16px; margin: 0; padding: 16px; background: #808080 }
    img { height: 480px }
  </style>${shown.join("")}`);
  const clip = await page.evaluate(async () => {
    await Promise.all([...document.images].map((image) => image.decode()));
    const { width, height } = document.body.getBoundingClientRect();
    return { x: 0, y: 0, width, height, scale: 1 };
  });
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 75, clip, captureBeyondViewport: true });
  await devtools.detach();
  return Buffer.from(data, "base64");
}
