// Builds the extension bundle, or with --tests the unit tests for node.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  logLevel: "warning",
  absWorkingDir: import.meta.dirname,
};

if (process.argv.includes("--tests")) {
  rmSync(new URL("build", import.meta.url), { recursive: true, force: true });
  const tests = readdirSync(new URL("test", import.meta.url)).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: "build",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    sourcemap: "inline",
  });
} else {
  rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });
  const { metafile } = await build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    format: "cjs",
    external: ["vscode"],
    minify: true,
    legalComments: "none", // LICENSES.txt has them all
    metafile: true,
  });
  writeFileSync(new URL("dist/LICENSES.txt", import.meta.url), licences(Object.keys(metafile.inputs)));
}

/** Return the licences of the packages that contain these files. */
function licences(files) {
  const folders = files.map((file) => /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const texts = [...new Set(folders)]
    .filter(Boolean)
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), "utf8"));
      const file = readdirSync(new URL(folder, import.meta.url)).find((each) => /^licen[cs]e/i.test(each));
      return `${name} ${version}\n\n${readFileSync(new URL(`${folder}/${file}`, import.meta.url), "utf8").trim()}\n`;
    });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
