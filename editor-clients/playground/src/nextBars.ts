/** The bars of the next words and characters, each of which inserts itself. */
import type { EditorView } from "@codemirror/view";
import { type Bar, showBars } from "./bars";
import { element } from "./elements";
import { nameOf, symbolOf } from "./figures";
import { ghostOf } from "./ghost";
import { insertItem } from "./menu";
import { type CompletionItem, isWord, type LanguageServer, type NextCharacter, offset } from "./server";

/** Words and characters that are shown at most. */
const MAX_BARS = 5;

const row = element("row", HTMLTemplateElement);
const wordList = element("words", HTMLOListElement);
const characterList = element("bars", HTMLOListElement);

/** Mark the bars as those of an older text, until newer ones are shown. */
export function markStale(): void {
  wordList.classList.add("stale");
  characterList.classList.add("stale");
}

function showIn(list: HTMLOListElement, bars: readonly Bar[]): void {
  list.classList.remove("stale");
  showBars(list, row, bars);
}

/** Show the words of the menu at the cursor, of which the ghost text may begin with one. */
export function showWords(view: EditorView, server: LanguageServer, items: readonly CompletionItem[]): void {
  const words = items.filter(isWord).slice(0, MAX_BARS);
  const ghost = ghostOf(view.state);
  // The longest, as one word may begin another.
  const added = words.map((item) => item.data?.text ?? "").filter((text) => text !== "" && ghost.startsWith(text));
  const inGhost = added.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
  showIn(
    wordList,
    words.map((item) => wordBar(view, server, item, inGhost)),
  );
}

function wordBar(view: EditorView, server: LanguageServer, item: CompletionItem, inGhost: string): Bar {
  const { label, data } = item;
  const { doc, selection } = view.state;
  const head = selection.main.head;
  return {
    label,
    name: label,
    probability: Number(data?.probability ?? 0),
    drawn: null,
    shares: Object.fromEntries(Object.entries(data?.shares ?? {}).map(([name, share]) => [name, Number(share)])),
    isGhost: inGhost !== "" && data?.text === inGhost,
    insert: () => {
      // A click may come before the bars of a newer text.
      if (view.state.doc === doc && view.state.selection.main.head === head) {
        insertItem(view, server, item, offset(doc, item.textEdit.range.start), head);
      }
    },
  };
}

export function showCharacters(view: EditorView, next: readonly NextCharacter[]): void {
  showIn(
    characterList,
    next.slice(0, MAX_BARS).map((one) => characterBar(view, one)),
  );
}

function characterBar(view: EditorView, { text, probability, drawn, shares }: NextCharacter): Bar {
  const isGhost = ghostOf(view.state).startsWith(text);
  const insert = () => {
    const { from, to } = view.state.selection.main;
    view.dispatch({
      changes: { from, to, insert: text },
      selection: { anchor: from + text.length },
      scrollIntoView: true,
      userEvent: "input.type",
    });
  };
  return { label: symbolOf(text), name: nameOf(text), probability, drawn, shares, isGhost, insert };
}
