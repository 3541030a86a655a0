import assert from "node:assert/strict";
import { test } from "node:test";
import { activityKind, computeStatus, statusView, sumOf, type StatusInputs } from "../src/status";

const SERVER_STATUS = {
  loading: false,
  model: "/somewhere/default.onnx",
  python: "/somewhere/python",
  predictors: ["network", "copy"],
  problems: [],
  accepted: { ghost: 2, word: 1, character: 0, characters: 31 },
  speed: null,
};
const READY: StatusInputs = {
  server: { kind: "running", version: "0.1.0" },
  serverStatus: SERVER_STATUS,
  document: { scheme: "file", languageId: "plaintext", bytes: 100 },
  settings: { enable: true, disabledLanguages: [], maxFileSize: 10_000_000 },
};

function tooltip(inputs: Partial<StatusInputs>): string {
  return statusView(computeStatus({ ...READY, ...inputs })).tooltip;
}

test("the tooltip of a running server names its model and predictors", () => {
  assert.equal(
    tooltip({}),
    "Foretype 0.1.0 is ready\nmodel: default\npredictors: network, copy\nsuggestions accepted in this window: 3 (31 characters)",
  );
  assert.equal(tooltip({ document: undefined, serverStatus: undefined }), "Foretype 0.1.0 is ready");
});

test("the tooltip tells the time of a suggestion", () => {
  const speed = { last: 12.34, median: 8.04, stepsPerSecond: 23_456 };
  assert.match(
    tooltip({ serverStatus: { ...SERVER_STATUS, speed } }),
    /\ntime of a suggestion: 12 ms, usually 8\.0 ms \(23,000 bytes a second\)$/,
  );
});

test("the counts of several servers are added", () => {
  assert.deepEqual(sumOf({}, SERVER_STATUS.accepted), SERVER_STATUS.accepted);
  assert.deepEqual(sumOf({ ghost: 1, word: 2 }, { ghost: 3, characters: 5 }), { ghost: 4, word: 2, characters: 5 });
});

test("every kind of text is served", () => {
  for (const scheme of ["file", "untitled", "git", "vscode-notebook-cell", "vscode-scm"]) {
    assert.match(tooltip({ document: { scheme, languageId: "plaintext", bytes: 1 } }), /is ready/);
  }
});

test("a loading server is shown as starting", () => {
  assert.equal(tooltip({ serverStatus: { ...SERVER_STATUS, loading: true } }), "Foretype is starting");
  assert.equal(tooltip({ server: { kind: "starting" } }), "Foretype is starting");
});

test("the tooltip names the reason why suggestions are off", () => {
  const document = { scheme: "file", languageId: "json", bytes: 100 };
  const { settings } = READY;
  assert.match(tooltip({ settings: { ...settings, enable: false } }), /off everywhere/);
  assert.match(tooltip({ settings: { ...settings, enable: false, isOffInWorkspace: true } }), /off for this workspace/);
  assert.match(tooltip({ snoozedUntil: new Date(2020, 1, 1, 9, 5) }), /snoozed until 09:05/);
  assert.match(tooltip({ document, settings: { ...settings, disabledLanguages: ["json"] } }), /off for json/);
  assert.match(tooltip({ document: { ...document, bytes: 10_000_001 } }), /larger than 10 MB/);
  assert.match(tooltip({ document: { ...document, scheme: "output" } }), /not a file/);
});

test("an activity shows its percentage", () => {
  const activity = { kind: "training", percent: 42 } as const;
  assert.equal(statusView(computeStatus({ ...READY, activity })).text, "$(sync~spin) Foretype 42 %");
});

test("problems are shown as errors", () => {
  assert.ok(statusView(computeStatus({ ...READY, server: { kind: "failed", reason: "no Python" } })).isError);
  const broken = statusView(
    computeStatus({ ...READY, serverStatus: { ...SERVER_STATUS, problems: ["There is no model x."] } }),
  );
  assert.deepEqual([broken.isError, broken.tooltip], [true, "Foretype: There is no model x."]);
});

test("the title of a progress determines its activity", () => {
  assert.equal(activityKind("Foretype: reading the workspace"), "indexing");
  assert.equal(activityKind("Foretype: training on your text"), "training");
  assert.equal(activityKind("something else"), undefined);
});
