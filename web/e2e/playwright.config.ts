import { defineConfig } from "@playwright/test";

// Whoever speaks has a Chromium of their own, because the file that feeds a microphone is chosen when a browser starts.
// So the tests launch browsers themselves (people.ts), and run one after another.

/** What measures neither sound nor time may run beside more of its kind: make gives it two workers. */
const pages = /(back|hallway|notices|operating|own|pages|profiles|schedule)\.spec\.ts$/;

export default defineConfig({
  testDir: ".",
  projects:
    process.env["PICTURES"] !== undefined
      ? [{ name: "pictures", testMatch: "pictures.ts" }]
      : process.env["ROUNDS"] !== undefined
        ? [{ name: "first-visit", testMatch: "first-visit.ts" }]
        : [{ name: "sound", testMatch: "*.spec.ts", testIgnore: pages }, { name: "pages", testMatch: pages }],
  outputDir: "../test-results",
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  use: { actionTimeout: 10_000 },
  reporter: [["list"]],
  forbidOnly: true,
});
