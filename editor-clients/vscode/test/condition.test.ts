import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, face, learningOf, type Facts } from "../src/condition";

const STATUS = {
  loading: false,
  model: "/somewhere/default.onnx",
  predictors: ["network", "copy"],
  problems: [],
  accepted: { ghost: 2, word: 1, character: 0, characters: 31 },
};
const WELL: Facts = {
  server: { kind: "running", version: "0.1.0" },
  status: STATUS,
  place: { scheme: "file", languageId: "plaintext", bytes: 100 },
  choice: { enable: true, disabledLanguages: [], maxFileSize: 10_000_000 },
};

function told(facts: Partial<Facts>): string {
  return face(condition({ ...WELL, ...facts })).tooltip;
}

test("a server that runs is ready, with what is in use", () => {
  assert.equal(
    told({}),
    "Foretype 0.1.0 is ready\nmodel: default\npredictors: network, copy\ntaken in this window: 3 offers, 31 characters",
  );
  assert.equal(told({ place: undefined, status: undefined }), "Foretype 0.1.0 is ready");
});

test("a server that loads is starting", () => {
  assert.equal(told({ status: { ...STATUS, loading: true } }), "Foretype is starting");
  assert.equal(told({ server: { kind: "starting" } }), "Foretype is starting");
});

test("it is said why nothing is offered here", () => {
  const place = { scheme: "file", languageId: "json", bytes: 100 };
  const choice = WELL.choice;
  assert.match(told({ choice: { ...choice, enable: false } }), /off everywhere/);
  assert.match(told({ place, choice: { ...choice, disabledLanguages: ["json"] } }), /off for json/);
  assert.match(told({ place: { ...place, bytes: 10_000_001 } }), /larger than 10 MB/);
  assert.match(told({ place: { ...place, scheme: "output" } }), /not a file of yours/);
});

test("learning shows how far it is", () => {
  const learning = { what: "training", percent: 42 } as const;
  assert.equal(face(condition({ ...WELL, learning })).text, "$(sync~spin) Foretype 42 %");
});

test("what is wrong is an alarm", () => {
  assert.ok(face(condition({ ...WELL, server: { kind: "failed", why: "no Python" } })).alarm);
  const broken = face(condition({ ...WELL, status: { ...STATUS, problems: ["There is no model x."] } }));
  assert.deepEqual([broken.alarm, broken.tooltip], [true, "Foretype: There is no model x."]);
});

test("the server's progress is known by its title", () => {
  assert.equal(learningOf("Foretype: reading the workspace"), "reading");
  assert.equal(learningOf("Foretype: training on your text"), "training");
  assert.equal(learningOf("something else"), undefined);
});
