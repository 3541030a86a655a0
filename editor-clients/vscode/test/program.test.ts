import assert from "node:assert/strict";
import { test } from "node:test";
import { dataFolder, findProgram, isAtLeast, onPath, pythons, versionIn, type Surroundings } from "../src/program";

/** A machine on which these files are programs, and these have that text. */
function machine(
  programs: string[],
  more: Partial<Surroundings> = {},
  texts: Record<string, string> = {},
): Surroundings {
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

const TOLD = { "/home/me/.local/share/foretype/program": "/told/foretype\n" };
const EVERYWHERE = ["/told/foretype", "/storage/environment/bin/foretype", "/usr/bin/foretype", "/venv/bin/foretype"];

test("a program is looked for where it is likeliest, in that order", () => {
  const interpreter = "/venv/bin/python";
  for (const [index, file] of EVERYWHERE.entries()) {
    const around = machine(EVERYWHERE.slice(index), { interpreter }, TOLD);
    assert.equal(findProgram(around)?.file, file);
  }
  assert.equal(findProgram(machine([], { interpreter }, TOLD)), undefined);
});

test("the setting wins, and where it leads nowhere nothing else is taken", () => {
  assert.deepEqual(findProgram(machine([...EVERYWHERE, "/mine"], { setting: " /mine " }, TOLD)), {
    file: "/mine",
    origin: "setting",
  });
  assert.equal(findProgram(machine(EVERYWHERE, { setting: "/mine" }, TOLD)), undefined);
});

test("the setting may begin in the home folder, or be a name on the PATH", () => {
  assert.equal(findProgram(machine(["/home/me/x/foretype"], { setting: "~/x/foretype" }))?.file, "/home/me/x/foretype");
  assert.equal(findProgram(machine(["/home/me/bin/mine"], { setting: "mine" }))?.file, "/home/me/bin/mine");
});

test("what lies in the workspace is not taken, though the PATH may lead there", () => {
  assert.deepEqual(onPath("foretype", machine([])), ["/usr/bin/foretype", "/home/me/bin/foretype"]);
  const told = { "/home/me/.local/share/foretype/program": "bin/foretype" };
  assert.equal(findProgram(machine(["bin/foretype"], {}, told)), undefined);
});

test("Windows has other names", () => {
  const windows = machine(["C:\\py\\foretype.exe", "S:\\e\\Scripts\\foretype.exe"], {
    platform: "win32",
    env: { Path: "C:\\py;bin" },
    environment: "S:\\e",
  });
  assert.equal(findProgram(windows)?.file, "S:\\e\\Scripts\\foretype.exe");
  assert.deepEqual(onPath("foretype", windows), ["C:\\py\\foretype.exe"]);
  assert.equal(findProgram({ ...windows, setting: "foretype.exe" })?.file, "C:\\py\\foretype.exe");
});

test("the user's data is where the server has it", () => {
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

test("a version is read out of what is said", () => {
  assert.equal(versionIn("Python 3.12.1\n"), "3.12.1");
  assert.equal(versionIn("foretype 0.1.0"), "0.1.0");
  assert.equal(versionIn("usage: what?"), undefined);
});

test("the chosen Python comes first, then the PATH's own", () => {
  const [first, second] = pythons({ platform: "linux", env: { PATH: "/usr/bin" } }, "/venv/bin/python");
  assert.deepEqual([first, second], [["/venv/bin/python"], ["/usr/bin/python3"]]);
  assert.deepEqual(pythons({ platform: "win32", env: { Path: "C:\\W" } })[0], ["C:\\W\\py.exe", "-3"]);
});
