// What axe finds on a page.
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";

const { source } = createRequire(import.meta.url)("axe-core") as { source: string };

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * Each fault, with what it is at. The page has no frames, so axe runs in it as it is: to put the results of several
 * frames together, as @axe-core/playwright does for every page, takes a second page each time, and four times as long.
 * A bar at the foot of the page may happen to lie over part of a button: that is too small a target only if it stays so
 * where the page is scrolled to it.
 */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(`if (window.axe === undefined) { ${source} }`);
  return page.evaluate(async (options) => {
    const { axe } = window as unknown as { axe: { run: (at: string | Document, options: RunOptions) => Promise<AxeResults> } };
    const faults: string[] = [];
    for (const { id, nodes } of (await axe.run(document, options)).violations) {
      for (const { html, target } of nodes) {
        const at = target.join();
        if (id === "target-size") {
          document.querySelector(at)?.scrollIntoView({ block: "nearest" });
          if ((await axe.run(at, { runOnly: [id] })).violations.length === 0) continue;
        }
        faults.push(`${id}: ${html}`);
      }
    }
    return faults;
  }, { runOnly: tags, resultTypes: ["violations"] } satisfies RunOptions);
}
