import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dataFolder,
  findProgram,
  isAtLeast,
  parseVersion,
  pathsOnPath,
  pythonCommands,
  type SearchContext,
} from "../src/program";

/** Return a machine with these programs and these files' texts. */
function machine(
  programs: string[],
  more: Partial<SearchContext> = {},
  texts: Record<string, string> = {},
): SearchContext {
  return {
    platform: "linux",
    env: { PATH: "/usr/bin:relative:/home/me/bin" },
    home: "/home/me",
    setting: "",
    environment: "/storage/environment",
    isProgram: (file) => programs.includes(file),
    read: (file) => texts[file],
    ...more,
  };
}

const SETUP_FILE = { "/home/me/.local/share/foretype/program": "/setup/foretype\n" };
const EVERYWHERE = ["/setup/foretype", "/storage/environment/bin/foretype", "/usr/bin/foretype", "/venv/bin/foretype"];

test("the program is searched for in a fixed order", () => {
  const interpreter = "/venv/bin/python";
  for (const [index, file] of EVERYWHERE.entries()) {
    const context = machine(EVERYWHERE.slice(index), { interpreter }, SETUP_FILE);
    assert.equal(findProgram(context)?.file, file);
  }
  assert.equal(findProgram(machine([], { interpreter }, SETUP_FILE)), undefined);
});

test("the setting has priority, even if it names no program", () => {
  assert.deepEqual(findProgram(machine([...EVERYWHERE, "/mine"], { setting: " /mine " }, SETUP_FILE)), {
    file: "/mine",
    origin: "setting",
  });
  assert.equal(findProgram(machine(EVERYWHERE, { setting: "/mine" }, SETUP_FILE)), undefined);
});

test("the setting may be a path in the home folder or a name on the PATH", () => {
  assert.equal(findProgram(machine(["/home/me/x/foretype"], { setting: "~/x/foretype" }))?.file, "/home/me/x/foretype");
  assert.equal(findProgram(machine(["/home/me/bin/mine"], { setting: "mine" }))?.file, "/home/me/bin/mine");
});

test("relative folders of the PATH are skipped", () => {
  assert.deepEqual(pathsOnPath("foretype", machine([])), ["/usr/bin/foretype", "/home/me/bin/foretype"]);
  const relative = { "/home/me/.local/share/foretype/program": "bin/foretype" };
  assert.equal(findProgram(machine(["bin/foretype"], {}, relative)), undefined);
});

test("Windows has its own names of programs", () => {
  const windows = machine(["C:\\py\\foretype.exe", "S:\\e\\Scripts\\foretype.exe"], {
    platform: "win32",
    env: { Path: "C:\\py;bin" },
    environment: "S:\\e",
  });
  assert.equal(findProgram(windows)?.file, "S:\\e\\Scripts\\foretype.exe");
  assert.deepEqual(pathsOnPath("foretype", windows), ["C:\\py\\foretype.exe"]);
  assert.equal(findProgram({ ...windows, setting: "foretype.exe" })?.file, "C:\\py\\foretype.exe");
});

test("the data folder is that of the server", () => {
  const home = "/home/me";
  assert.equal(dataFolder({ platform: "linux", env: {}, home }), "/home/me/.local/share/foretype");
  assert.equal(dataFolder({ platform: "linux", env: { XDG_DATA_HOME: "/data" }, home }), "/data/foretype");
  assert.equal(dataFolder({ platform: "darwin", env: {}, home }), "/home/me/Library/Application Support/foretype");
  assert.equal(dataFolder({ platform: "win32", env: { LOCALAPPDATA: "C:\\L" }, home: "C:\\me" }), "C:\\L\\foretype");
  assert.equal(dataFolder({ platform: "linux", env: { FORETYPE_HOME: "/else" }, home }), "/else");
});

test("versions are compared as numbers", () => {
  assert.ok(isAtLeast("3.11", "3.11"));
  assert.ok(isAtLeast("0.10.0", "0.9"));
  assert.ok(isAtLeast("4", "3.11"));
  assert.ok(!isAtLeast("3.9.1", "3.11"));
  assert.ok(!isAtLeast("3", "3.1"));
});

test("a version is found in the output of --version", () => {
  assert.equal(parseVersion("Python 3.12.1\n"), "3.12.1");
  assert.equal(parseVersion("foretype 0.1.0"), "0.1.0");
  assert.equal(parseVersion("usage: what?"), undefined);
});

test("the active interpreter comes first, then those on the PATH", () => {
  const [first, second] = pythonCommands({ platform: "linux", env: { PATH: "/usr/bin" } }, "/venv/bin/python");
  assert.deepEqual([first, second], [["/venv/bin/python"], ["/usr/bin/python3"]]);
  assert.deepEqual(pythonCommands({ platform: "win32", env: { Path: "C:\\W" } })[0], ["C:\\W\\py.exe", "-3"]);
});
