import { defineConfig } from "@playwright/test";

// Each person is a Chromium of their own, because the file that feeds a microphone is chosen when a browser starts.
// So the tests launch browsers themselves (people.ts), and run one after another.
export default defineConfig({
  testDir: ".",
  testMatch: process.env["PICTURES"] !== undefined ? "pictures.ts" : process.env["ROUNDS"] !== undefined ? "first-visit.ts" : "*.spec.ts",
  outputDir: "../test-results",
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  use: { actionTimeout: 10_000 },
  reporter: [["list"]],
  forbidOnly: true,
});
