import assert from "node:assert/strict";
import { test } from "node:test";
import { lines, percent, title } from "../src/explanation";
import { Restarts } from "../src/restarts";
import { serversOwn, toggled, wrongMinutes } from "../src/settings";
import { page, readRows } from "../src/statistics";
import { missing, tooOld } from "../src/trouble";

const ROW = {
  day: "2026-01-31",
  language: "markdown",
  editor: "VS Code",
  shown: 10,
  accepted: 2,
  characters: 1240,
  saved: 1238,
};

test("the statistics are a page with a table of days, languages and editors", () => {
  const text = page([ROW, { ...ROW, day: "2026-02-01", language: "", saved: 1 }], 30);
  assert.match(text, /\*\*1,239 keys\*\*/);
  assert.match(text, /\| 2026-02-01 \|[^]*\| 2026-01-31 \|/);
  assert.match(text, /\| markdown \| 10 \| 2 \| 1,240 \| 1,238 \|/);
  assert.match(text, /\| not named \|/);
  assert.match(page([], 30), /Nothing was offered yet/);
});

test("what is printed instead of statistics is refused", () => {
  assert.deepEqual(readRows(JSON.stringify([{ ...ROW, kind: "ghost" }]))[0]?.saved, 1238);
  for (const printed of ["{}", "[1]", '[{"day": "today"}]', "oops"]) {
    assert.throws(() => readRows(printed));
  }
});

test("an explanation lists who, where and what else", () => {
  const source = { document: "/a.md", line: 3, column: 7, excerpt: "  hello\n world ", where: "a.md:3" };
  const explanation = {
    text: " world",
    probability: 0.5,
    shares: { copy: 0.25, network: 0.75 },
    sources: [source, { ...source, line: null, where: "this text" }],
    candidates: [
      { text: " world", probability: 0.5 },
      { text: "\n", probability: 0.004 },
    ],
  };
  assert.equal(title(explanation), "“ world” has a probability of 50 %");
  const [, first, second, , there, typed, , other] = lines(explanation);
  assert.deepEqual([first?.label, second?.label], ["$(symbol-misc) network", "$(symbol-misc) copy"]);
  assert.deepEqual([there?.detail, there?.source], ["hello world", source]);
  assert.equal(typed?.source, undefined);
  assert.deepEqual([other?.label, other?.description, other?.other], ["$(edit) “↵”", "0.40 %", "\n"]);
});

test("percentages are short", () => {
  assert.deepEqual([0, 0.001234, 0.0999, 0.9999, 1].map(percent), ["0 %", "0.12 %", "10 %", "100 %", "100 %"]);
});

test("a server that keeps ending is left alone, one that ends now and then is not", () => {
  const often = new Restarts(3, 1000);
  assert.deepEqual(
    [0, 10, 20, 30].map((now) => often.mayRestart(now)),
    [true, true, true, false],
  );
  const seldom = new Restarts(3, 1000);
  assert.deepEqual(
    [0, 2000, 4000, 6000, 8000].map((now) => seldom.mayRestart(now)),
    [true, true, true, true, true],
  );
});

test("the server is sent its own settings alone", () => {
  assert.deepEqual(serversOwn({ path: "/x", enable: true }), { enable: true });
  assert.equal(serversOwn(null), null);
});

test("a language is turned off, and on again", () => {
  assert.deepEqual(toggled(["json"], "go"), ["json", "go"]);
  assert.deepEqual(toggled(["json", "go"], "json"), ["go"]);
});

test("minutes are a number above nothing", () => {
  assert.deepEqual(["10", "0.5", " 3 "].map(wrongMinutes), [undefined, undefined, undefined]);
  assert.ok(["", "0", "-1", "soon", "Infinity"].every((typed) => wrongMinutes(typed)));
});

test("what is wrong comes with what to do", () => {
  assert.deepEqual(
    missing("").remedies.map((remedy) => remedy.label),
    ["Install", "Choose Program…"],
  );
  assert.match(missing("/x").message, /foretype\.path is “\/x”/);
  const own = { file: "/e/foretype", origin: "environment" } as const;
  assert.equal(tooOld(own, "0.0.9").remedies[0]?.label, "Install");
  assert.match(tooOld({ ...own, origin: "path" }, "0.0.9").message, /pip install --upgrade/);
});
