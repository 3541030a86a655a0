/** Ghost text: shown after the cursor without being in the text, and the commands that accept it. */
import { isolateHistory } from "@codemirror/commands";
import { type EditorState, type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { type Command, Decoration, type DecorationSet, EditorView, keymap, WidgetType } from "@codemirror/view";
import type { Ghost } from "./server";

interface DisplayedGhost {
  at: number;
  /** The rest of the ghost text after the characters typed along it. */
  text: string;
  ghost: Ghost;
}

/** Shows ghost text at the cursor, or hides it. */
export const showGhost = StateEffect.define<Ghost | null>();

const FIRST_WORD = /^\s*(?:[\p{L}\p{N}\p{M}_]+|[^\p{L}\p{N}\p{M}_\s]+)/u;
const HINT = "Write here";

class GreyText extends WidgetType {
  constructor(
    readonly text: string,
    readonly name: string,
  ) {
    super();
  }

  override eq(other: GreyText): boolean {
    return other.text === this.text && other.name === this.name;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = this.name;
    element.textContent = this.text;
    return element;
  }
}

const field = StateField.define<DisplayedGhost | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(showGhost)) {
        const at = transaction.state.selection.main.head;
        return effect.value && { at, text: effect.value.insertText, ghost: effect.value };
      }
    }
    if (shown && (transaction.docChanged || transaction.selection)) {
      return afterTyping(shown, transaction.startState, transaction.state);
    }
    return shown;
  },
});

/** Return the rest of the ghost text if the user has typed along it, else null. */
function afterTyping(shown: DisplayedGhost, before: EditorState, after: EditorState): DisplayedGhost | null {
  const { head, empty } = after.selection.main;
  const typed = after.doc.length - before.doc.length;
  const matches = after.sliceDoc(shown.at, head) === shown.text.slice(0, typed);
  if (!empty || head !== shown.at + typed || typed < 0 || typed >= shown.text.length || !matches) {
    return null;
  }
  return { ...shown, at: head, text: shown.text.slice(typed) };
}

/** Return the ghost text, or in an empty text without any the hint: never both. */
function decorations(state: EditorState): DecorationSet {
  const shown = state.field(field);
  if (shown) {
    const widget = new GreyText(shown.text, "ghost");
    return Decoration.set(Decoration.widget({ widget, side: 1 }).range(shown.at));
  }
  const hint = Decoration.widget({ widget: new GreyText(HINT, "hint-here"), side: 1 });
  return state.doc.length === 0 ? Decoration.set(hint.range(0)) : Decoration.none;
}

/** Scroll the editor until the ghost text is in view, as far as the cursor stays in it. */
const scrollToGhost = EditorView.updateListener.of(({ view, state, startState }) => {
  if (state.field(field) === startState.field(field)) {
    return;
  }
  view.requestMeasure({
    read: () => {
      // The text may have changed since.
      const shown = view.state.field(field);
      const ghost = view.contentDOM.querySelector(".ghost")?.getBoundingClientRect();
      const cursor = shown && view.coordsAtPos(shown.at);
      const window = view.scrollDOM.getBoundingClientRect();
      const isNear = cursor && cursor.bottom > window.top && cursor.top < window.bottom;
      return ghost && isNear ? Math.min(ghost.bottom + 8 - window.bottom, cursor.top - window.top) : 0;
    },
    write: (hidden) => {
      view.scrollDOM.scrollTop += Math.max(0, hidden);
    },
  });
});

/** Return the ghost text that is shown; empty if there is none. */
export function ghostOf(state: EditorState): string {
  return state.field(field)?.text ?? "";
}

/** Return the first word of a ghost text, with the white space before it. */
export function firstWord(ghost: string): string {
  return FIRST_WORD.exec(ghost)?.[0] ?? ghost;
}

export interface GhostCommands {
  /** Accepts all of the ghost text. */
  all: Command;
  /** Accepts its first word. */
  word: Command;
  dismiss: Command;
}

/** Return the commands; `onAccepted` gets the accepted ghost text and the number of its characters. */
export function ghostCommands(onAccepted: (ghost: Ghost, characters: number) => void): GhostCommands {
  function accept(part: (text: string) => string): Command {
    return (view) => {
      const shown = view.state.field(field);
      const text = shown ? part(shown.text) : "";
      if (!shown || text === "") {
        return false;
      }
      const end = shown.at + text.length;
      view.dispatch({
        changes: { from: shown.at, insert: text },
        selection: { anchor: end },
        scrollIntoView: true,
        userEvent: "input.complete",
        annotations: isolateHistory.of("full"),
      });
      onAccepted(shown.ghost, Array.from(text).length);
      return true;
    };
  }
  function dismiss(view: EditorView): boolean {
    const isShown = view.state.field(field) !== null;
    view.dispatch({ effects: showGhost.of(null) });
    return isShown;
  }
  return { all: accept((text) => text), word: accept(firstWord), dismiss };
}

/** Return the extension that shows ghost text, with the keys of `commands`. */
export function ghostText(commands: GhostCommands): Extension {
  const keys = keymap.of([
    { key: "Tab", run: commands.all },
    { key: "Ctrl-ArrowRight", mac: "Alt-ArrowRight", run: commands.word },
    { key: "Escape", run: commands.dismiss },
  ]);
  const shown = EditorView.decorations.compute(["doc", field], decorations);
  const name = EditorView.contentAttributes.of({ "aria-placeholder": HINT });
  return [field, shown, scrollToGhost, name, Prec.high(keys)];
}
