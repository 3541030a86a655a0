/** A picture of the text with its tints and the keys saved, as rectangles and lines of text. */
import type { EditorState } from "@codemirror/state";
import { colourVariable, depth, stacked } from "./colours";
import { scoredIn } from "./heatMap";

/** A coloured rectangle; `opacity` from 0 to 1. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
  radius: number;
  fill: string;
  opacity: number;
}

/** A line of text with its left end at `x` and its baseline at `y`, `width` pixels wide. */
export interface Line {
  x: number;
  y: number;
  width: number;
  text: string;
  font: Font;
  fill: string;
}

export interface Font {
  size: number;
  weight: number;
  family: string;
}

export interface Picture {
  width: number;
  height: number;
  rectangles: Rectangle[];
  lines: Line[];
}

/** The figures below the text. */
export interface Caption {
  /** The share of keys saved, as text; empty if no key was pressed. */
  saved: string;
  details: string[];
  predictors: readonly string[];
}

const WIDTH = 1200;
const MARGIN = 64;
const LINE_HEIGHT = 42;
const MAX_LINES = 36;
const MONO = '"DejaVu Sans Mono", "Cascadia Code", Menlo, Consolas, monospace';
const SANS = 'system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const TEXT: Font = { size: 23, weight: 400, family: MONO };
const BIG: Font = { size: 44, weight: 700, family: SANS };
const SMALL: Font = { size: 20, weight: 400, family: SANS };
const NAME: Font = { size: 24, weight: 700, family: SANS };

export function cssFont({ weight, size, family }: Font): string {
  return `${weight} ${size}px ${family}`;
}

/** Return the present value of a CSS variable of the page. */
function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Measures text as a canvas draws it, each character once. */
class Ruler {
  private readonly context = document.createElement("canvas").getContext("2d");
  private readonly widths = new Map<string, number>();

  width(text: string, font: Font): number {
    const key = `${cssFont(font)} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      if (this.context) {
        this.context.font = cssFont(font);
      }
      width = this.context?.measureText(text).width ?? 0;
      this.widths.set(key, width);
    }
    return width;
  }
}

interface Row {
  from: number;
  text: string;
}

/** Break the text into rows at spaces, or within a word that is longer than a row. */
function wrapped(state: EditorState, ruler: Ruler): Row[] {
  const rows: Row[] = [];
  for (let number = 1; number <= state.doc.lines; number += 1) {
    const { from, text } = state.doc.line(number);
    let start = 0;
    let space = 0;
    let width = 0;
    for (let at = 0; at < text.length; ) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      width += ruler.width(character, TEXT);
      if (width > WIDTH - 2 * MARGIN && character !== " ") {
        const end = space > start ? space : Math.max(at, start + 1);
        rows.push({ from: from + start, text: text.slice(start, end) });
        [start, width] = [end, ruler.width(text.slice(end, at + character.length), TEXT)];
      }
      at += character.length;
      space = character === " " ? at : space;
    }
    rows.push({ from: from + start, text: text.slice(start) });
  }
  return rows;
}

/** Return the rows around the cursor, as many as fit into a picture. */
function visibleRows(state: EditorState, rows: readonly Row[]): Row[] {
  const written = rows.at(-1)?.text === "" ? rows.slice(0, -1) : rows;
  const { head } = state.selection.main;
  const last = written.findLastIndex(({ from }) => from <= head);
  const end = Math.max(MAX_LINES, Math.min(written.length, last + 1));
  return written.slice(Math.max(0, end - MAX_LINES), end);
}

/** Draw the text of the editor and the figures below it, in the page's present colours. */
export function draw(state: EditorState, caption: Caption, isTinted: boolean): Picture {
  const ruler = new Ruler();
  const rectangles: Rectangle[] = [];
  const lines: Line[] = [];
  const write = (text: string, x: number, y: number, font: Font, fill: string) => {
    lines.push({ text, x, y, font, fill, width: ruler.width(text, font) });
    return ruler.width(text, font);
  };
  const rows = visibleRows(state, wrapped(state, ruler));
  const [ink, muted] = [variable("--ink"), variable("--muted")];
  rows.forEach(({ from, text }, i) => {
    const y = MARGIN + i * LINE_HEIGHT;
    if (isTinted) {
      rectangles.push(...tints(state, from, text.trimEnd(), y, ruler));
    }
    if (text.trim() !== "") {
      write(text.trimEnd(), MARGIN, y + 29, TEXT, ink);
    }
  });
  const top = MARGIN + Math.max(1, rows.length) * LINE_HEIGHT + 32;
  rectangles.push({ x: MARGIN, y: top, width: WIDTH - 2 * MARGIN, height: 2, radius: 0, fill: variable("--line"), opacity: 1 });
  const height = top + (caption.saved === "" ? 130 : 170);
  rectangles.unshift({ x: 0, y: 0, width: WIDTH, height, radius: 0, fill: variable("--card"), opacity: 1 });
  // Left: the figures. Right: the name, and the colours of the predictors.
  let y = top + 52;
  if (caption.saved !== "") {
    y += 12;
    write(caption.saved, MARGIN, y, BIG, ink);
    y += 38;
  }
  for (const detail of caption.details) {
    write(detail, MARGIN, y, SMALL, muted);
    y += 30;
  }
  let x = WIDTH - MARGIN - ruler.width("Foretype", NAME);
  write("Foretype", x, top + 54, NAME, ink);
  x = WIDTH - MARGIN;
  for (const name of [...caption.predictors].reverse()) {
    x -= ruler.width(name, SMALL);
    write(name, x, top + 102, SMALL, muted);
    x -= 28;
    rectangles.push({ x, y: top + 86, width: 18, height: 18, radius: 5, fill: variable(colourVariable(name)), opacity: 1 });
    x -= 24;
  }
  return { width: WIDTH, height, rectangles, lines };
}

/** Return the tints of the characters of a row. */
function tints(state: EditorState, from: number, text: string, y: number, ruler: Ruler): Rectangle[] {
  const deepest = Number(variable("--deepest"));
  const height = LINE_HEIGHT - 6;
  const found: Rectangle[] = [];
  let [at, x] = [from, MARGIN];
  for (const one of scoredIn(state, from, from + text.length)) {
    if (one.from < from || one.to > from + text.length) {
      continue;
    }
    x += ruler.width(state.sliceDoc(at, one.from), TEXT);
    const width = ruler.width(state.sliceDoc(one.from, one.to), TEXT);
    const { probability, shares } = one.scored;
    for (const part of probability === null ? [] : stacked(shares)) {
      found.push({
        x,
        y: y + 3 + height * (1 - part.to),
        width,
        height: height * (part.to - part.from),
        radius: 0,
        fill: variable(colourVariable(part.name)),
        opacity: depth(probability ?? 0) * deepest,
      });
    }
    [at, x] = [one.to, x + width];
  }
  return found;
}
