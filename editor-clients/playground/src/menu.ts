/** The completion menu, opened by Ctrl-Space, and the insertion of its items. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { isolateHistory } from "@codemirror/commands";
import type { Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { percent } from "./figures";
import { type CompletionItem, type LanguageServer, offset } from "./server";

export function menu(server: () => LanguageServer | null): Extension {
  async function source(context: CompletionContext): Promise<CompletionResult | null> {
    const current = server();
    const document = context.state.doc;
    const items = current ? await current.completions(document, context.pos) : [];
    const [first] = items;
    if (!current || !first || context.aborted) {
      return null;
    }
    const from = offset(document, first.textEdit.range.start);
    return { from, filter: false, options: items.map((item) => option(current, item)) };
  }
  // Without an interaction delay, the first key after the menu has opened acts on it.
  return autocompletion({ override: [source], activateOnTyping: false, interactionDelay: 0, icons: false });
}

function option(server: LanguageServer, item: CompletionItem): Completion {
  return {
    label: item.label,
    detail: item.data ? percent(Number(item.data.probability)) : "",
    apply: (view, _completion, from, to) => {
      insertItem(view, server, item, from, to);
    },
  };
}

/** Insert an item in place of a range, and report that it was accepted. */
export function insertItem(view: EditorView, server: LanguageServer, item: CompletionItem, from: number, to: number): void {
  const { newText } = item.textEdit;
  view.dispatch({
    changes: { from, to, insert: newText },
    selection: { anchor: from + newText.length },
    scrollIntoView: true,
    userEvent: "input.complete",
    annotations: isolateHistory.of("full"),
  });
  server.reportAccepted(item.command, Array.from(newText).length - (to - from));
}
