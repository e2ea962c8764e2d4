import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");

const colours = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)/g)].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]),
);

const grounds: Readonly<Record<string, readonly string[]>> = {
  ink: ["paper", "raised", "sunken", "accent-soft", "speaking-soft", "danger-soft"],
  secondary: ["paper", "raised", "sunken", "accent-soft", "speaking-soft", "danger-soft"],
  accent: ["paper", "raised", "accent-soft"],
  speaking: ["paper", "raised", "speaking-soft"],
  danger: ["paper", "raised", "sunken", "danger-soft"],
  "on-accent": ["accent", "accent-hover"],
};

/** The relative luminance of a colour (WCAG 2.2). */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function colour(name: string, theme: "light" | "dark"): string {
  const found = colours.get(name);
  if (found === undefined) throw new Error(`tokens.css has no colour ${name}`);
  return found[theme];
}

test.each(Object.entries(grounds).flatMap(([text, on]) => on.flatMap((ground) => [[text, ground, "light"], [text, ground, "dark"]] as const)))(
  "%s on %s, %s",
  (text, ground, theme) => {
    const [darker = 0, lighter = 0] = [luminance(colour(text, theme)), luminance(colour(ground, theme))].sort((a, b) => a - b);
    expect((lighter + 0.05) / (darker + 0.05)).toBeGreaterThanOrEqual(5);
  },
);
