/** Counts the keys pressed on the page, and the characters that they brought. */
import type { Transaction } from "@codemirror/state";

export class KeyCount {
  /** Keys pressed: one for each typed character, each accepted text and each deletion. */
  keys = 0;
  /** Characters that were typed or accepted. Pasted and opened text is not counted. */
  characters = 0;

  /** Return the share of keys saved, as in an evaluation; null before the first character. */
  get saved(): number | null {
    return this.characters > 0 ? 1 - this.keys / this.characters : null;
  }

  add(transaction: Transaction): void {
    if (transaction.isUserEvent("input.complete")) {
      this.keys += 1;
      this.characters += growth(transaction);
    } else if (transaction.isUserEvent("delete")) {
      this.keys += 1;
    } else if (transaction.isUserEvent("input.type") || isNewLine(transaction)) {
      const characters = Math.max(0, growth(transaction));
      this.keys += Math.max(1, characters);
      this.characters += characters;
    }
  }

  reset(): void {
    this.keys = 0;
    this.characters = 0;
  }
}

/** Return whether Enter was pressed: its event is "input", without a further name. */
function isNewLine(transaction: Transaction): boolean {
  const others = ["input.paste", "input.drop", "input.complete"];
  return transaction.isUserEvent("input") && !others.some((name) => transaction.isUserEvent(name));
}

/** Return how many characters longer the text became. */
function growth(transaction: Transaction): number {
  let characters = 0;
  transaction.changes.iterChanges((from, to, _from, _to, inserted) => {
    const replaced = transaction.startState.sliceDoc(from, to);
    characters += Array.from(inserted.toString()).length - Array.from(replaced).length;
  });
  return characters;
}
