/** Ghost text: shown after the cursor without being in the text, and the keys that accept it. */
import { isolateHistory } from "@codemirror/commands";
import { type EditorState, type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { type Command, Decoration, EditorView, keymap, WidgetType } from "@codemirror/view";
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

class GhostWidget extends WidgetType {
  constructor(readonly text: string) {
    super();
  }

  override eq(other: GhostWidget): boolean {
    return other.text === this.text;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "ghost";
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
  provide: (self) =>
    EditorView.decorations.from(self, (shown) =>
      shown
        ? Decoration.set(Decoration.widget({ widget: new GhostWidget(shown.text), side: 1 }).range(shown.at))
        : Decoration.none,
    ),
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

/** Return the extension; `onAccepted` gets the accepted ghost text and the number of accepted characters. */
export function ghostText(onAccepted: (ghost: Ghost, characters: number) => void): Extension {
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
  const word = accept((text) => FIRST_WORD.exec(text)?.[0] ?? text);
  const keys = keymap.of([
    { key: "Tab", run: accept((text) => text) },
    { key: "Ctrl-ArrowRight", mac: "Alt-ArrowRight", run: word },
    { key: "Escape", run: dismiss },
  ]);
  return [field, Prec.high(keys)];
}
