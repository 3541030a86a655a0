import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { installCommands, parseOrigin, pythonBeside } from "../src/installation";

const parse = (output: string): unknown => parseOrigin(output, fileURLToPath);

test("the origin of an installation is its wheel or its folder", () => {
  assert.deepEqual(parse('{"url": "file:///a%20b/foretype-1-py3-none-any.whl", "archive_info": {}}'), {
    path: "/a b/foretype-1-py3-none-any.whl",
    isEditable: false,
  });
  assert.deepEqual(parse('{"url": "file:///src", "dir_info": {"editable": true}}'), { path: "/src", isEditable: true });
});

test("an installation from an index or a server has no origin", () => {
  for (const output of ["", "\n", "null", "nonsense", '{"url": "https://example.org/foretype.whl"}', '{"url": 5}']) {
    assert.equal(parse(output), undefined);
  }
});

test("what is installed is a path, never the name of a package", () => {
  const commands = ["/w/foretype-1-py3-none-any.whl", "/src"].flatMap((path) =>
    [true, false].flatMap((isEditable) => installCommands("/env/bin/python", { path, isEditable })),
  );
  for (const command of commands) {
    assert.deepEqual(command.slice(0, 5), ["/env/bin/python", "-P", "-m", "pip", "install"]);
    assert.deepEqual(
      command.slice(5).filter((argument) => !argument.startsWith("-") && !argument.startsWith("/")),
      [],
    );
  }
});

test("a wheel replaces the same version, and an editable installation stays one", () => {
  const wheel = installCommands("python", { path: "/a.whl", isEditable: false });
  assert.ok(wheel.at(-1)?.includes("--force-reinstall"));
  assert.ok(installCommands("python", { path: "/src", isEditable: true })[0]?.includes("--editable"));
});

test("the interpreter lies beside the program", () => {
  assert.equal(pythonBeside("/venv/bin/foretype", "linux"), "/venv/bin/python");
  assert.equal(pythonBeside("C:\\venv\\Scripts\\foretype.exe", "win32"), "C:\\venv\\Scripts\\python.exe");
});
