// Every page and dialog, in both languages, both themes, narrow and wide: axe finds nothing, nothing overflows, French
// shows no English.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { catalogues, walk, type Look, type Stop } from "./walk";
import { walkDoor } from "./walk-door";
import { walkEntry } from "./walk-entry";
import { walkSchedule } from "./walk-schedule";
import { walkOwn } from "./walk-own";

const looks: Look[] = [
  { width: 360, height: 740, theme: "light", language: "fr" },
  { width: 1280, height: 800, theme: "dark", language: "en" },
  { width: 360, height: 740, theme: "dark", language: "en" },
  { width: 1440, height: 900, theme: "light", language: "fr" },
];

for (const look of looks) {
  test(`every page: ${look.language}, ${look.theme}, ${look.width} px`, async () => {
    test.setTimeout(600_000);
    const faults: string[] = [];
    const check: Stop = async (stop, { page }) => {
      const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      for (const violation of found.violations) {
        faults.push(`${stop}: ${violation.id}: ${violation.nodes.map((n) => n.html).join(" | ")}`);
      }
      for (const wide of await overflowing(page)) faults.push(`${stop}: wider than the page: ${wide}`);
      if (look.language === "fr") {
        for (const text of await english(page)) faults.push(`${stop}: English: ${text}`);
      }
      for (const small of await smallTargets(page)) faults.push(`${stop}: a target under 44 px: ${small}`);
    };
    await walk(look, check);
    await walkEntry(look, check);
    await walkSchedule(look, check);
    await walkDoor(look, check);
    await walkOwn(look, check);
    expect(faults).toEqual([]);
  });
}

/** What reaches beyond the right edge of the page. */
async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((e) => e.getBoundingClientRect().right > width + 0.5)
      .map((e) => e.outerHTML.slice(0, 120));
  });
}

/** Buttons and links that a finger misses (WCAG 2.2, 2.5.5 asks for 44 px); links within a sentence are excepted. */
async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, [role=button], select, input:not([type=hidden]), nav a")]
      .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .filter((e) => !e.closest(".visually-hidden"))
      .filter((e) => {
        const target = e.closest("label") ?? e;
        const { width, height } = target.getBoundingClientRect();
        return width > 0 && (width < 43.5 || height < 43.5);
      })
      .map((e) => e.outerHTML.slice(0, 120)),
  );
}

/** Texts of the page that stand in the English catalogue and not in the French one. */
async function english(page: Page): Promise<string[]> {
  const french = new Set(texts(catalogues.fr));
  const foreign = new Set(texts(catalogues.en).filter((text) => !french.has(text)));
  foreign.delete(catalogues.en.language.name); // the switch names each language in itself
  const shown = await page.evaluate(() => {
    const all: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) all.push(node.textContent ?? "");
    for (const e of document.querySelectorAll("*")) {
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description"]) all.push(e.getAttribute(name) ?? "");
    }
    all.push(document.title);
    return all.map((text) => text.trim()).filter((text) => text !== "");
  });
  return shown.filter((text) => foreign.has(text));
}

/** All plain texts of a catalogue. */
function texts(catalogue: object): string[] {
  return Object.values(catalogue).flatMap((value: unknown) =>
    typeof value === "string" ? [value] : typeof value === "object" && value !== null ? texts(value) : [],
  );
}
