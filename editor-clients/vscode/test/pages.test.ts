import assert from "node:assert/strict";
import { test } from "node:test";
import { explanationLines, explanationTitle, percent } from "../src/explanationView";
import { RestartLimiter } from "../src/restartLimiter";
import { toggled, validateMinutes, withoutClientSettings } from "../src/settings";
import { programMissing, programTooOld } from "../src/startError";
import { parseStatistics, renderStatistics } from "../src/statistics";

const ROW = {
  day: "2026-01-31",
  language: "markdown",
  editor: "VS Code",
  shown: 10,
  accepted: 2,
  characters: 1240,
  saved: 1238,
};

test("the statistics page has tables of days, languages and editors", () => {
  const text = renderStatistics([ROW, { ...ROW, day: "2026-02-01", language: "", saved: 1 }], 30);
  assert.match(text, /\*\*1,239 keys saved\*\*/);
  assert.match(text, /\| 2026-02-01 \|[^]*\| 2026-01-31 \|/);
  assert.match(text, /\| markdown \| 10 \| 2 \| 1,240 \| 1,238 \|/);
  assert.match(text, /\| unknown \|/);
  assert.match(renderStatistics([], 30), /No suggestions yet/);
});

test("invalid statistics are refused", () => {
  assert.deepEqual(parseStatistics(JSON.stringify([{ ...ROW, kind: "ghost" }]))[0]?.saved, 1238);
  for (const output of ["{}", "[1]", '[{"day": "today"}]', "oops"]) {
    assert.throws(() => parseStatistics(output));
  }
});

test("an explanation lists predictors, occurrences and other suggestions", () => {
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
  assert.equal(explanationTitle(explanation), "“ world” has a probability of 50 %");
  const [, first, second, , there, typed, , other] = explanationLines(explanation);
  assert.deepEqual([first?.label, second?.label], ["$(symbol-misc) network", "$(symbol-misc) copy"]);
  assert.deepEqual([there?.detail, there?.source], ["hello world", source]);
  assert.equal(typed?.source, undefined);
  assert.deepEqual([other?.label, other?.description, other?.suggestion], ["$(edit) “↵”", "0.4 %", "\n"]);
});

test("percentages are short", () => {
  assert.deepEqual([0, 5.3e-8, 0.000999, 0.001234, 0.0532, 0.0996, 0.9999, 1].map(percent), [
    "<0.1 %",
    "<0.1 %",
    "<0.1 %",
    "0.1 %",
    "5.3 %",
    "10 %",
    "100 %",
    "100 %",
  ]);
});

test("a server that ends often is not restarted, one that ends rarely is", () => {
  const often = new RestartLimiter(3, 1000);
  assert.deepEqual(
    [0, 10, 20, 30].map((now) => often.mayRestart(now)),
    [true, true, true, false],
  );
  const seldom = new RestartLimiter(3, 1000);
  assert.deepEqual(
    [0, 2000, 4000, 6000, 8000].map((now) => seldom.mayRestart(now)),
    [true, true, true, true, true],
  );
});

test("the extension's own settings are not sent to the server", () => {
  assert.deepEqual(withoutClientSettings({ path: "/x", enable: true }), { enable: true });
  assert.equal(withoutClientSettings(null), null);
});

test("a language is turned off, and on again", () => {
  assert.deepEqual(toggled(["json"], "go"), ["json", "go"]);
  assert.deepEqual(toggled(["json", "go"], "json"), ["go"]);
});

test("minutes are a positive number", () => {
  assert.deepEqual(["10", "0.5", " 3 "].map(validateMinutes), [undefined, undefined, undefined]);
  assert.ok(["", "0", "-1", "soon", "Infinity"].every((typed) => validateMinutes(typed)));
});

test("start errors come with actions", () => {
  assert.deepEqual(
    programMissing("").actions.map((action) => action.label),
    ["Install", "Choose Program…"],
  );
  assert.match(programMissing("/x").message, /“\/x”, which the setting foretype\.path names/);
  const own = { file: "/e/foretype", origin: "environment" } as const;
  for (const origin of ["environment", "setup", "path"] as const) {
    const { message, actions } = programTooOld({ ...own, origin }, "0.0.9");
    assert.equal(actions[0]?.label, "Update");
    assert.doesNotMatch(message, /pip install/); // a package of that name may be somebody else's
  }
});
