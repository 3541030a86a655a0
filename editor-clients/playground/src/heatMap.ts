/** The heat map: the probability that each character had before it was read, as a tint and as figures on hover. */
import { type EditorState, type Extension, type Range, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, hoverTooltip } from "@codemirror/view";
import { colour, tint, visibleShares } from "./colours";
import { bits, percent, symbolOf } from "./figures";
import type { CharacterScore } from "./server";

/** Characters on each side of the cursor that are scored; text farther away is not. */
const REACH = 2000;

/** Sets the scores of the characters from a position on. */
export const setScores = StateEffect.define<{ from: number; characters: readonly CharacterScore[] }>();

class ScoreMark {
  readonly decoration: Decoration;

  constructor(readonly scored: CharacterScore) {
    const isKnown = scored.probability !== null;
    const attributes = isKnown ? { style: tint(scored.probability ?? 0, scored.shares) } : {};
    this.decoration = Decoration.mark({ class: isKnown ? "scored" : "missed", attributes, scored });
  }

  range(from: number): Range<Decoration> {
    return this.decoration.range(from, from + this.scored.text.length);
  }
}

const field = StateField.define<RangeSet<Decoration>>({
  create: () => RangeSet.empty,
  update(marks, transaction) {
    let now = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setScores)) {
        now = now.update({ add: ranges(effect.value.from, effect.value.characters) });
      }
    }
    return now;
  },
  provide: (self) => EditorView.decorations.from(self),
});

function ranges(from: number, characters: readonly CharacterScore[]): Range<Decoration>[] {
  let at = from;
  return characters.map((one) => {
    const range = new ScoreMark(one).range(at);
    at = range.to;
    return range;
  });
}

interface ScoredRange {
  from: number;
  to: number;
  scored: CharacterScore;
}

/** Yield the scored characters that touch a range of the text, in order. */
function* scoredIn(state: EditorState, from: number, to: number): Generator<ScoredRange> {
  const cursor = state.field(field).iter(from);
  while (cursor.value && cursor.from <= to) {
    const { scored } = cursor.value.spec as { scored: CharacterScore };
    yield { from: cursor.from, to: cursor.to, scored };
    cursor.next();
  }
}

/** Return the first unscored range around the cursor, or null. */
export function firstUnscored(state: EditorState): { from: number; to: number } | null {
  const { head } = state.selection.main;
  const end = Math.min(state.doc.length, head + REACH);
  let at = Math.max(0, head - REACH);
  for (const { from, to } of scoredIn(state, at, end)) {
    if (from > at) {
      return { from: at, to: Math.min(from, end) };
    }
    at = Math.max(at, to);
  }
  return at < end ? { from: at, to: end } : null;
}

/** Return the scored character that ends at a position, or null. */
export function scoredBefore(state: EditorState, at: number): CharacterScore | null {
  return [...scoredIn(state, Math.max(0, at - 1), at)].find(({ to }) => to === at)?.scored ?? null;
}

/** Return the number of scored characters and the sum of their bits. */
export function totalScore(state: EditorState): { characters: number; bits: number } {
  const sum = { characters: 0, bits: 0 };
  for (const { scored } of scoredIn(state, 0, state.doc.length)) {
    if (scored.probability !== null) {
      sum.characters += 1;
      sum.bits += bits(scored.probability);
    }
  }
  return sum;
}

/** Return an element with a character's probability, bits and predictors. */
export function figuresOf(scored: CharacterScore): HTMLElement {
  const element = document.createElement("div");
  element.className = "figures-of";
  const head = element.appendChild(document.createElement("div"));
  const symbol = head.appendChild(document.createElement("kbd"));
  symbol.textContent = symbolOf(scored.text);
  const { probability } = scored;
  head.append(probability === null ? " was not scored" : ` ${percent(probability)} · ${bits(probability).toFixed(1)} bits`);
  for (const { name, share } of probability === null ? [] : visibleShares(scored.shares)) {
    const line = element.appendChild(document.createElement("div"));
    const dot = line.appendChild(document.createElement("i"));
    dot.style.background = colour(name);
    line.append(`${name} ${percent(share)}`);
  }
  return element;
}

const hover = hoverTooltip(
  (view, at, side) => {
    const there = [...scoredIn(view.state, at, at)].find(({ from, to }) => (side > 0 ? from <= at && at < to : from < at && at <= to));
    return there
      ? { pos: there.from, end: there.to, above: true, create: () => ({ dom: figuresOf(there.scored) }) }
      : null;
  },
  { hoverTime: 120, hideOnChange: true },
);

export const heatMap: Extension = [field, hover];
