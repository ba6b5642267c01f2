import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

// Names without hashes: the service answers with ETags, and a build of the same source is the same to the byte.
const named = { entryFileNames: "app.js", chunkFileNames: "[name].js", assetFileNames: "app[extname]" };

const FOLDER = "../service/layercalc/web/static";

/** Beside the build stands which sources it is of, so that a test without node can tell when it is stale. */
const sources: Plugin = {
  name: "sources",
  apply: "build",
  closeBundle() {
    const files = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"];
    const found = readdirSync("src", { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    files.push(...found.map((one) => join(one.parentPath ?? one.path, one.name)));
    const hash = createHash("sha256");
    for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
    writeFileSync(join(FOLDER, "sources.sha256"), `${hash.digest("hex")}\n`);
  },
};

export default defineConfig({
  plugins: [sources],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: FOLDER,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rollupOptions: { output: named },
  },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "layout.js" } } },
  experimental: {
    renderBuiltUrl: (filename, { hostType }) => (hostType === "html" ? `page/${filename}` : { relative: true }),
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/openapi.json": "http://127.0.0.1:8000" } },
});
