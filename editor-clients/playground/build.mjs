// Builds the page: a script, a style sheet, and the licences of the bundled packages. `node build.mjs [FOLDER]`, default dist.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const here = import.meta.dirname;
const out = path.resolve(process.argv[2] ?? path.join(here, "dist"));
const names = ["index.html", "icon.svg"];

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { playground: "src/main.ts", style: "src/playground.css" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

/** Return the folders of the bundled packages. */
function packages() {
  const found = Object.keys(metafile.inputs).map((file) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(found)].filter((folder) => folder !== undefined).sort();
}

async function notice(folder) {
  const { name, version } = JSON.parse(await readFile(path.join(here, folder, "package.json"), "utf8"));
  const licence = (await readdir(path.join(here, folder))).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) {
    throw new Error(`${name} has no licence`);
  }
  return `${name} ${version}\n\n${(await readFile(path.join(here, folder, licence), "utf8")).trim()}\n`;
}

await mkdir(out, { recursive: true });
await Promise.all(names.map((name) => copyFile(path.join(here, "src", name), path.join(out, name))));
const notices = await Promise.all(packages().map(notice));
await writeFile(path.join(out, "LICENSES.txt"), `playground.js contains:\n\n${notices.join(`\n${"-".repeat(72)}\n\n`)}`);
