import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const app = fileURLToPath(new URL("..", import.meta.url));

/** The files that come with one: what it imports, and what they import, but for what they load later. */
function comesWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(file, "utf8");
  for (const [, from = ""] of source.matchAll(/^(?:import|export) (?!type\b)(?:[^;]*? from )?"(\.[^"]+)";/gm)) {
    const path = join(dirname(file), from);
    const there = [".ts", ".tsx", "/index.ts"].map((end) => path + end).find(existsSync);
    if (there !== undefined) comesWith(there, seen);
  }
  return seen;
}

const says = (file: string) => /\btp\(\)/.test(readFileSync(file, "utf8"));

test.each(["main.tsx", "room/inside.ts", "home.ts", "more.ts"])("what comes with %s says nothing that comes with the pages only", (part) => {
  const files = [...comesWith(join(app, part))].filter((file) => !file.endsWith("i18n/words.ts"));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter(says)).toEqual([]);
});

test("the pages say it", () => {
  expect([...comesWith(join(app, "pages.ts"))].filter(says).length).toBeGreaterThan(8);
});
