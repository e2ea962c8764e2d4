// What axe finds on a page.
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";

const { source } = createRequire(import.meta.url)("axe-core") as { source: string };

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * Each fault, with what it is at. The page has no frames, so axe runs in it as it is: to put the results of several
 * frames together, as @axe-core/playwright does for every page, takes a second page each time, and four times as long.
 */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(`if (window.axe === undefined) { ${source} }`);
  const { violations } = await page.evaluate((options) => {
    const { axe } = window as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } };
    return axe.run(options);
  }, { runOnly: tags, resultTypes: ["violations"] } satisfies RunOptions);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
