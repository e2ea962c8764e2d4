// Every page and dialog, in both languages, both themes, narrow and wide: axe finds nothing, nothing overflows, French
// shows no English.
import { expect, test, type Page } from "@playwright/test";
import { axeFaults } from "./axe";
import { catalogues, Walk, type Check, type Language, type Look } from "./walk";
import { walks } from "./walks";

const looks: Readonly<Record<Language, readonly Look[]>> = {
  en: [{ width: 1280, height: 800, theme: "dark" }, { width: 360, height: 740, theme: "dark" }],
  fr: [{ width: 1440, height: 900, theme: "light" }, { width: 360, height: 740, theme: "light" }],
};

test.describe.configure({ mode: "parallel" });

for (const language of ["en", "fr"] as const) {
  for (const [name, way] of Object.entries(walks)) {
    test(`every page of the walk "${name}", ${language}`, async () => {
      test.setTimeout(300_000);
      const faults: string[] = [];
      const check: Check = async (stop, page, { width }) => {
        const found = (fault: string) => faults.push(`${stop}, ${width} px: ${fault}`);
        for (const fault of await axeFaults(page)) found(fault);
        for (const wide of await overflowing(page)) found(`wider than the page: ${wide}`);
        for (const small of await smallTargets(page)) found(`a target under 44 px: ${small}`);
        for (const hidden of await coveredTargets(page)) found(`under another part of the page: ${hidden}`);
        if (language === "fr") {
          for (const text of await english(page)) found(`English: ${text}`);
        }
      };
      await new Walk(language, looks[language], check).along(way);
      expect(faults).toEqual([]);
    });
  }
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

/** Controls that something lies over where the page is scrolled to them (WCAG 2.2, 2.4.11). */
async function coveredTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const within = document.querySelector("dialog:modal") ?? document.body;
    const before = { top: scrollY, left: scrollX };
    const covered = [...within.querySelectorAll<HTMLElement>("a, button, select, textarea, input:not([type=hidden])")]
      .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .filter((e) => !e.matches(".skip") && !e.closest(".visually-hidden, .toast-place"))
      .filter((e) => {
        e.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
        const { left, top, width, height } = e.getBoundingClientRect();
        // What is said for a few seconds may lie over anything.
        const [there = null] = document.elementsFromPoint(left + width / 2, top + height / 2).filter((one) => one.closest(".toast-place") === null);
        return width > 0 && height > 0 && !(there !== null && (e.contains(there) || there.contains(e)));
      })
      .map((e) => e.outerHTML.slice(0, 120));
    scrollTo({ ...before, behavior: "instant" });
    return covered;
  });
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
