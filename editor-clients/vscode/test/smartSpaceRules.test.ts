import assert from "node:assert/strict";
import { test } from "node:test";
import { takesSpaceBack } from "../src/smartSpaceRules";

test("punctuation, a closing bracket, a space and a line end stand right after a word", () => {
  for (const typed of [",", ".", ";", ":", "!", "?", ")", "]", "}", " ", "\n", "\r\n    "]) {
    assert.ok(takesSpaceBack(typed, "a word "), JSON.stringify(typed));
  }
});

test("a word, an opening bracket and an opening quote come after the space", () => {
  for (const typed of ["a", "(", "[]", "(", '"', "'", '""', "-", "é"]) {
    assert.ok(!takesSpaceBack(typed, "a word "), JSON.stringify(typed));
  }
});

test("a quote that closes one stands right after a word", () => {
  assert.ok(takesSpaceBack('"', 'say "a word '));
  assert.ok(!takesSpaceBack('"', 'say "so", a word '));
});
