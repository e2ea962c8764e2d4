import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

const node = process.env["STOA_NODE"] ?? "http://127.0.0.1:7080";

// The node embeds dist and serves it under a Content-Security-Policy without unsafe-*: nothing is inlined, neither
// scripts nor styles nor images.
export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    reportCompressedSize: true,
  },
  server: {
    // reason/sentences.json lies beside web, in the repository's root.
    fs: { allow: [fileURLToPath(new URL("..", import.meta.url))] },
    proxy: { "/api": { target: node, ws: true } },
  },
  test: { include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
