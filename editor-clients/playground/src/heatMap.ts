/** The heat map: the probability that each character had before it was read, as a tint and as figures on hover. */
import { type EditorState, type Extension, type Range, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, hoverTooltip } from "@codemirror/view";
import { colour, tint, visibleShares } from "./colours";
import { bits, percent, symbolOf } from "./figures";
import type { CharacterScore } from "./server";

/** Characters on each side of the cursor that are scored; text farther away is not. */
const REACH = 2000;
/** Characters before and after the cursor that are scored first, if other unscored text is far. */
const NEAR_BEFORE = 250;
const NEAR_AFTER = 100;
/** Characters before the cursor from which unscored text is far: more take over a second. */
const FAR = 1000;

/** Sets the scores of the characters from a position on. */
export const setScores = StateEffect.define<{ from: number; characters: readonly CharacterScore[] }>();
/** Has all characters scored anew. The old tints stay until then. */
export const outdateScores = StateEffect.define();

interface Spec {
  scored: CharacterScore;
  isOutdated: boolean;
}

function mark(scored: CharacterScore, isOutdated: boolean): Decoration {
  const isKnown = scored.probability !== null;
  const attributes = isKnown ? { style: tint(scored.probability ?? 0, scored.shares) } : {};
  const name = isOutdated ? "outdated" : isKnown ? "scored" : "missed";
  return Decoration.mark({ class: name, attributes, scored, isOutdated });
}

const field = StateField.define<RangeSet<Decoration>>({
  create: () => RangeSet.empty,
  update(marks, transaction) {
    let now = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setScores)) {
        const add = ranges(effect.value.from, effect.value.characters);
        const [filterFrom, filterTo] = [effect.value.from, add.at(-1)?.to ?? effect.value.from];
        const filter = (from: number, to: number) => to <= filterFrom || from >= filterTo;
        now = now.update({ filter, filterFrom, filterTo, add });
      } else if (effect.is(outdateScores)) {
        now = outdated(now);
      }
    }
    return now;
  },
  provide: (self) => EditorView.decorations.from(self),
});

function ranges(from: number, characters: readonly CharacterScore[]): Range<Decoration>[] {
  let at = from;
  return characters.map((one) => {
    const start = at;
    at += one.text.length;
    return mark(one, false).range(start, at);
  });
}

function outdated(marks: RangeSet<Decoration>): RangeSet<Decoration> {
  const old: Range<Decoration>[] = [];
  const cursor = marks.iter();
  while (cursor.value) {
    old.push(mark((cursor.value.spec as Spec).scored, true).range(cursor.from, cursor.to));
    cursor.next();
  }
  return RangeSet.of(old);
}

interface ScoredRange {
  from: number;
  to: number;
  scored: CharacterScore;
}

/** Yield the scored characters that touch a range of the text, in order. */
export function* scoredIn(state: EditorState, from: number, to: number): Generator<ScoredRange> {
  const cursor = state.field(field).iter(from);
  while (cursor.value && cursor.from <= to) {
    const { scored, isOutdated } = cursor.value.spec as Spec;
    if (!isOutdated) {
      yield { from: cursor.from, to: cursor.to, scored };
    }
    cursor.next();
  }
}

/** Return the unscored range that is to be scored next, or null. Text near the cursor comes first. */
export function nextUnscored(state: EditorState): { from: number; to: number } | null {
  const { head } = state.selection.main;
  const first = firstUnscored(state, head - REACH, head + REACH);
  if (!first || first.from >= head - FAR) {
    return first;
  }
  return firstUnscored(state, head - NEAR_BEFORE, head + NEAR_AFTER) ?? first;
}

function firstUnscored(state: EditorState, low: number, high: number): { from: number; to: number } | null {
  const end = Math.min(state.doc.length, high);
  let at = characterStart(state, Math.max(0, low));
  for (const { from, to } of scoredIn(state, at, end)) {
    if (from > at) {
      return { from: at, to: Math.min(from, end) };
    }
    at = Math.max(at, to);
  }
  return at < end ? { from: at, to: end } : null;
}

/** Return the start of the character at a position, which may be inside a surrogate pair. */
function characterStart(state: EditorState, at: number): number {
  return /^[\uDC00-\uDFFF]/.test(state.sliceDoc(at, at + 1)) ? Math.max(0, at - 1) : at;
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
