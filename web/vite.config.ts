import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import preact from "@preact/preset-vite";
import { build, defineConfig, transformWithEsbuild, type Plugin } from "vite";

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

// What the node's refusals say, in a part for each language.
function sentences(): Plugin {
  const prefix = "virtual:sentences/";
  return {
    name: "sentences",
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return null;
      const file = fileURLToPath(new URL("../reason/sentences.json", import.meta.url));
      this.addWatchFile(file);
      const all = JSON.parse(readFileSync(file, "utf8")) as Record<string, { status: number; en: string; fr: string }>;
      const language = id.endsWith("fr") ? "fr" : "en";
      const said = Object.entries(all).map(([code, { status, [language]: title }]) => [code, { status, title }]);
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(Object.fromEntries(said)))});`;
    },
  };
}

// What the page's later parts are: see public/early.js.
const words = { en: "/app/i18n/en.ts", enPages: "/app/i18n/pages.en.ts", fr: "/app/i18n/fr.ts", frPages: "/app/i18n/pages.fr.ts" };
const parts = { inside: "/app/room/inside.ts", home: "/app/home.ts", more: "/app/more.ts", pages: "/app/pages.ts", ...words };

// The two scripts that go before the page's own are one file, which knows the names of the later parts. It has a hashed
// name as the others, so that a browser that has it need not ask for it again.
function first(): Plugin {
  return {
    name: "first",
    apply: "build",
    async writeBundle(_, bundle) {
      const chunks = Object.values(bundle).flatMap((one) => (one.type === "chunk" ? [one] : []));
      const imports = new Map(chunks.map((chunk) => [chunk.fileName, chunk.imports]));
      const needed = (file: string): string[] => [file, ...(imports.get(file) ?? []).flatMap(needed)];
      const entry = chunks.find((chunk) => chunk.isEntry)?.fileName ?? "";
      const there = new Set(needed(entry));
      const files = Object.entries(parts).map(([part, module]) => {
        const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(module) === true);
        if (chunk === undefined) throw new Error(`${module} is not loaded later`);
        return [part, [...new Set(needed(chunk.fileName))].filter((file) => !there.has(file)).map((file) => `/${file}`)];
      });
      const take = (name: string) => {
        const text = readFileSync(`dist/${name}`, "utf8");
        rmSync(`dist/${name}`);
        return text;
      };
      const source = take("old.js") + take("early.js").replace("/* parts */ {}", JSON.stringify(Object.fromEntries(files)));
      const { code: text } = await transformWithEsbuild(source, "first.js", { minify: true, target: "es5", sourcemap: false });
      const name = `assets/first-${createHash("sha256").update(text).digest("base64url").slice(0, 8)}.js`;
      writeFileSync(`dist/${name}`, text);
      const page = readFileSync("dist/index.html", "utf8");
      writeFileSync("dist/index.html", page.replace(/<script src="\/old\.js"><\/script>\s*<script src="\/early\.js"><\/script>/, `<script src="/${name}"></script>`));
    },
  };
}

// The node serves what lies beside a file as its better encoding. Brotli's best takes too long to be made while serving.
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const assets = "dist/assets";
      for (const name of readdirSync(assets).filter((one) => /\.(?:js|css)$/.test(one))) {
        const path = join(assets, name);
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)));
      }
    },
  };
}

// The node embeds dist and serves it under a Content-Security-Policy without unsafe-*: nothing is inlined, neither
// scripts nor styles nor images.
export default defineConfig({
  plugins: [preact(), sentences(), worker(), first(), compressed()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    reportCompressedSize: true,
    // The SDK's modules do nothing by being loaded: each goes where it is used.
    // What two parts share and is small is no file of its own: a request costs more than its bytes.
    rollupOptions: {
      treeshake: { moduleSideEffects: (id) => !/src\/sdk\//.test(id) },
      output: { experimentalMinChunkSize: 10_000 },
    },
  },
  server: {
    // reason/sentences.json lies beside web, in the repository's root.
    fs: { allow: [fileURLToPath(new URL("..", import.meta.url))] },
    proxy: { "/api": { target: node, ws: true } },
  },
  // No test is timed: a machine may be busy.
  test: { include: ["src/**/*.test.ts"], testTimeout: 60_000 },
} as Parameters<typeof defineConfig>[0]);
