import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

// Names without hashes: the service answers with ETags, and a build of the same source is the same to the byte.
const named = { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "app[extname]" };

/** What the first request needs is one file, so that nothing else is fetched before it. */
const start = (id: string) => (/\/src\/(start|api|grouping|json|keep)\.ts$/.test(id) ? "start" : undefined);

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

/** The script that asks for the first analysis stands before all others, after its data, and waits for no style; what is
 * async would be fetched last. */
const first: Plugin = {
  name: "first",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace("</script>", '</script>\n    <script type="module" async fetchpriority="high" crossorigin src="page/start.js"></script>'),
  },
};

export default defineConfig({
  plugins: [first, sources],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: FOLDER,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rollupOptions: { input: { app: "index.html", start: "src/start.ts" }, output: { ...named, manualChunks: start } },
  },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "layout.js" } } },
  experimental: {
    renderBuiltUrl: (filename, { hostType }) => (hostType === "html" ? `page/${filename}` : { relative: true }),
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/openapi.json": "http://127.0.0.1:8000" } },
});
