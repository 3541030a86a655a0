/** Ghost text: what is offered after the cursor, shown in the text without being in it, and the keys that take it. */
import { isolateHistory } from "@codemirror/commands";
import { type EditorState, type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { type Command, Decoration, EditorView, keymap, WidgetType } from "@codemirror/view";
import type { Ghost } from "./server";

interface Shown {
  at: number;
  /** What is left of it: one may type along. */
  text: string;
  ghost: Ghost;
}

/** Show this at the cursor, or nothing. */
export const showGhost = StateEffect.define<Ghost | null>();

const FIRST_WORD = /^\s*(?:[\p{L}\p{N}\p{M}_]+|[^\p{L}\p{N}\p{M}_\s]+)/u;

class Widget extends WidgetType {
  constructor(readonly text: string) {
    super();
  }

  override eq(other: Widget): boolean {
    return other.text === this.text;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "ghost";
    element.textContent = this.text;
    return element;
  }
}

const field = StateField.define<Shown | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(showGhost)) {
        const at = transaction.state.selection.main.head;
        return effect.value && { at, text: effect.value.insertText, ghost: effect.value };
      }
    }
    if (shown && (transaction.docChanged || transaction.selection)) {
      return typedAlong(shown, transaction.startState, transaction.state);
    }
    return shown;
  },
  provide: (self) =>
    EditorView.decorations.from(self, (shown) =>
      shown
        ? Decoration.set(Decoration.widget({ widget: new Widget(shown.text), side: 1 }).range(shown.at))
        : Decoration.none,
    ),
});

/** What is left of the ghost text where one has typed on as it says; null anywhere else. */
function typedAlong(shown: Shown, before: EditorState, after: EditorState): Shown | null {
  const { head, empty } = after.selection.main;
  const typed = after.doc.length - before.doc.length;
  const asForeseen = after.sliceDoc(shown.at, head) === shown.text.slice(0, typed);
  if (!empty || head !== shown.at + typed || typed < 0 || typed >= shown.text.length || !asForeseen) {
    return null;
  }
  return { ...shown, at: head, text: shown.text.slice(typed) };
}

/** Ghost text; `accepted` is told what was taken, and how many characters of it. */
export function ghostText(accepted: (ghost: Ghost, characters: number) => void): Extension {
  function take(part: (text: string) => string): Command {
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
      accepted(shown.ghost, Array.from(text).length);
      return true;
    };
  }
  function dismiss(view: EditorView): boolean {
    const shown = view.state.field(field) !== null;
    view.dispatch({ effects: showGhost.of(null) });
    return shown;
  }
  const word = take((text) => FIRST_WORD.exec(text)?.[0] ?? text);
  const keys = keymap.of([
    { key: "Tab", run: take((text) => text) },
    { key: "Ctrl-ArrowRight", mac: "Alt-ArrowRight", run: word },
    { key: "Escape", run: dismiss },
  ]);
  return [field, Prec.high(keys)];
}
