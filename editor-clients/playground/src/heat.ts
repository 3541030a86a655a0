/** The heat map: each character with the probability that it had when it came, as a tint, and as figures on hover. */
import { type EditorState, type Extension, type Range, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, hoverTooltip } from "@codemirror/view";
import { colour, parts, tint } from "./colours";
import { bits, percent, visible } from "./figures";
import type { Scored } from "./server";

/** Characters on each side of the cursor that are read; what is farther away stays as it is. */
const REACH = 2000;

/** These characters stand in the text from there on. */
export const score = StateEffect.define<{ from: number; characters: readonly Scored[] }>();

class Mark {
  readonly decoration: Decoration;

  constructor(readonly scored: Scored) {
    const known = scored.probability !== null;
    const attributes = known ? { style: tint(scored.probability ?? 0, scored.shares) } : {};
    this.decoration = Decoration.mark({ class: known ? "scored" : "missed", attributes, scored });
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
      if (effect.is(score)) {
        now = now.update({ add: ranges(effect.value.from, effect.value.characters) });
      }
    }
    return now;
  },
  provide: (self) => EditorView.decorations.from(self),
});

function ranges(from: number, characters: readonly Scored[]): Range<Decoration>[] {
  let at = from;
  return characters.map((one) => {
    const range = new Mark(one).range(at);
    at = range.to;
    return range;
  });
}

interface Known {
  from: number;
  to: number;
  scored: Scored;
}

/** The characters that have been read, of those that touch a part of the text, in their order. */
function* known(state: EditorState, from: number, to: number): Generator<Known> {
  const cursor = state.field(field).iter(from);
  while (cursor.value && cursor.from <= to) {
    const { scored } = cursor.value.spec as { scored: Scored };
    yield { from: cursor.from, to: cursor.to, scored };
    cursor.next();
  }
}

/** The first part of the text around the cursor that has not been read yet, or null. */
export function unread(state: EditorState): { from: number; to: number } | null {
  const { head } = state.selection.main;
  const end = Math.min(state.doc.length, head + REACH);
  let at = Math.max(0, head - REACH);
  for (const { from, to } of known(state, at, end)) {
    if (from > at) {
      return { from: at, to: Math.min(from, end) };
    }
    at = Math.max(at, to);
  }
  return at < end ? { from: at, to: end } : null;
}

/** The character that ends at a place, where it has been read. */
export function scoredBefore(state: EditorState, at: number): Scored | null {
  return [...known(state, Math.max(0, at - 1), at)].find(({ to }) => to === at)?.scored ?? null;
}

/** All that has been read: how many characters, and their bits together. */
export function total(state: EditorState): { characters: number; bits: number } {
  const sum = { characters: 0, bits: 0 };
  for (const { scored } of known(state, 0, state.doc.length)) {
    if (scored.probability !== null) {
      sum.characters += 1;
      sum.bits += bits(scored.probability);
    }
  }
  return sum;
}

/** The figures of a character: its probability, its bits, and whose it was. */
export function figuresOf(scored: Scored): HTMLElement {
  const element = document.createElement("div");
  element.className = "figures-of";
  const head = element.appendChild(document.createElement("div"));
  const sign = head.appendChild(document.createElement("kbd"));
  sign.textContent = visible(scored.text);
  const { probability } = scored;
  head.append(probability === null ? " not read when it came" : ` ${percent(probability)} · ${bits(probability).toFixed(1)} bits`);
  for (const { name, share } of probability === null ? [] : parts(scored.shares)) {
    const line = element.appendChild(document.createElement("div"));
    const dot = line.appendChild(document.createElement("i"));
    dot.style.background = colour(name);
    line.append(`${name} ${percent(share)}`);
  }
  return element;
}

const hover = hoverTooltip(
  (view, at, side) => {
    const there = [...known(view.state, at, at)].find(({ from, to }) => (side > 0 ? from <= at && at < to : from < at && at <= to));
    return there
      ? { pos: there.from, end: there.to, above: true, create: () => ({ dom: figuresOf(there.scored) }) }
      : null;
  },
  { hoverTime: 120, hideOnChange: true },
);

export const heat: Extension = [field, hover];
