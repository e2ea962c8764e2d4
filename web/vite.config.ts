import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { build, defineConfig, type Plugin } from "vite";

const node = process.env["STOA_NODE"] ?? "http://127.0.0.1:7080";

// The service worker is one file at a fixed address: built by itself, it shares none of the page's hashed files.
function worker(): Plugin {
  return {
    name: "worker",
    apply: "build",
    async closeBundle() {
      await build({
        configFile: false,
        logLevel: "warn",
        build: {
          outDir: "dist",
          emptyOutDir: false,
          copyPublicDir: false,
          target: "es2023",
          rollupOptions: { input: "src/worker/worker.ts", output: { format: "iife", entryFileNames: "sw.js" } },
        },
      });
    },
  };
}

// What a first visit to a room does without. All else is one file: many small ones cost more than they save.
const later = /src\/app\/(?:pages\/(?:adopt|calendar|community|docs|edit-profile|earning|invites|node|node-request|notice-settings|notices|openapi|own-data|own-sessions|person|profile|restore|search)\.tsx?|i18n\/(?:fr|[a-z]+\.fr)\.ts)$/;

// The node embeds dist and serves it under a Content-Security-Policy without unsafe-*: nothing is inlined, neither
// scripts nor styles nor images.
export default defineConfig({
  plugins: [preact(), worker()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    reportCompressedSize: true,
    rollupOptions: { output: { manualChunks: (id) => (later.test(id) ? undefined : "stoa") } },
  },
  server: {
    // reason/sentences.json lies beside web, in the repository's root.
    fs: { allow: [fileURLToPath(new URL("..", import.meta.url))] },
    proxy: { "/api": { target: node, ws: true } },
  },
  // No test is timed: a machine may be busy.
  test: { include: ["src/**/*.test.ts"], testTimeout: 60_000 },
} as Parameters<typeof defineConfig>[0]);
