import assert from "node:assert/strict";
import { test } from "node:test";
import { Offers, type Change } from "../src/offers";

const URI = "file:///notes.txt";

/** A document with offers, in which time goes on when it is told to. */
class Writing {
  readonly parts: number[] = [];
  private waiting: (() => void)[] = [];
  readonly offers = new Offers(
    (_, characters) => this.parts.push(characters),
    (act) => {
      this.waiting.push(act);
      return () => {
        this.waiting = this.waiting.filter((each) => each !== act);
      };
    },
  );

  put(offset: number, text: string, isUndo = false): void {
    this.edit([{ offset, removed: 0, text }], isUndo);
  }

  edit(changes: Change[], isUndo = false): void {
    this.offers.changed(URI, changes, isUndo);
  }

  later(): number[] {
    const waiting = this.waiting;
    this.waiting = [];
    for (const act of waiting) {
      act();
    }
    return this.parts;
  }
}

test("what is taken whole is counted by its command alone", () => {
  const writing = new Writing();
  const id = writing.offers.offered(URI, 5, " world");
  writing.put(5, " world");
  assert.equal(writing.offers.wholly(id), 6);
  assert.deepEqual(writing.later(), []);
});

test("what was typed of an offer before it was taken is not counted", () => {
  const writing = new Writing();
  const id = writing.offers.offered(URI, 5, " world");
  writing.put(5, " ");
  writing.put(6, "w");
  writing.put(7, "orld");
  assert.equal(writing.offers.wholly(id), 4);
  assert.deepEqual(writing.later(), []);
});

test("a word that is taken is counted once, though two offers have it", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 5, "world again");
  writing.offers.offered(URI, 5, "world at last");
  writing.put(5, "world");
  assert.deepEqual(writing.later(), [5]);
});

test("a word and then the rest are counted each", () => {
  const writing = new Writing();
  const id = writing.offers.offered(URI, 0, "hello world");
  writing.put(0, "hello");
  writing.put(5, " world");
  assert.equal(writing.offers.wholly(id), 6);
  assert.deepEqual(writing.later(), [5]);
});

test("what VS Code puts in again is not counted again", () => {
  const writing = new Writing();
  const id = writing.offers.offered(URI, 5, " world again");
  writing.put(5, " ");
  writing.put(6, "world");
  writing.edit([{ offset: 5, removed: 6, text: " world again" }]);
  assert.equal(writing.offers.wholly(id), 6);
  assert.deepEqual(writing.later(), [5]);
});

test("a word of the text that is written over ends an offer", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 5, "world again");
  writing.edit([{ offset: 0, removed: 5, text: "world" }]);
  assert.deepEqual(writing.later(), []);
});

test("characters are counted as the server counts them", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 0, "\u{1F600}\u{1F600} grün");
  writing.put(0, "\u{1F600}\u{1F600}");
  assert.deepEqual(writing.later(), [2]);
});

for (const [what, text] of [
  ["a letter", "w"],
  ["a pair of brackets", "()"],
  ["a line break with its indentation", "\r\n    "],
] as const) {
  test(`${what} may come of a single key`, () => {
    const writing = new Writing();
    writing.offers.offered(URI, 0, `${text} and more`);
    writing.put(0, text);
    assert.deepEqual(writing.later(), []);
  });
}

test("an item of the menu that reads like ghost text is counted as the menu's", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 0, "hello world");
  writing.put(0, "hello");
  writing.offers.fromMenu(URI);
  assert.deepEqual(writing.later(), []);
});

test("other text, another place and another document end or leave an offer", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 5, "world");
  writing.offers.changed("file:///other.txt", [{ offset: 5, removed: 0, text: "world" }], false);
  writing.put(0, "x");
  writing.put(5, "world");
  assert.deepEqual(writing.later(), []);
});

test("what is undone and done again is not taken again", () => {
  const writing = new Writing();
  writing.offers.offered(URI, 0, "world");
  writing.put(0, "world", true);
  assert.deepEqual(writing.later(), []);
});

test("edits at other cursors move an offer along", () => {
  const writing = new Writing();
  const id = writing.offers.offered(URI, 10, "world again");
  writing.edit([
    { offset: 10, removed: 0, text: "world" },
    { offset: 2, removed: 1, text: "world" },
  ]);
  writing.put(10 + 4 + 5, " again");
  assert.equal(writing.offers.wholly(id), 6);
  assert.deepEqual(writing.later(), [5]);
});
