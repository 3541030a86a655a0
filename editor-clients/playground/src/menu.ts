/** The menu of completions, opened by Ctrl-Space. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { isolateHistory } from "@codemirror/commands";
import type { Extension } from "@codemirror/state";
import { percent } from "./figures";
import { type Item, offset, type Server } from "./server";

export function menu(server: () => Server | null): Extension {
  async function source(context: CompletionContext): Promise<CompletionResult | null> {
    const asked = server();
    const document = context.state.doc;
    const items = asked ? await asked.menu(document, context.pos) : [];
    const [first] = items;
    if (!asked || !first || context.aborted) {
      return null;
    }
    const from = offset(document, first.textEdit.range.start);
    const length = context.pos - from;
    return { from, filter: false, options: items.map((item) => option(asked, item, length)) };
  }
  // It opens where it was asked for, so that the first key is meant for it.
  return autocompletion({ override: [source], activateOnTyping: false, interactionDelay: 0, icons: false });
}

function option(server: Server, item: Item, typed: number): Completion {
  const { newText } = item.textEdit;
  return {
    label: item.label,
    detail: item.data ? percent(Number(item.data.probability)) : "",
    apply(view, _completion, from, to) {
      view.dispatch({
        changes: { from, to, insert: newText },
        selection: { anchor: from + newText.length },
        userEvent: "input.complete",
        annotations: isolateHistory.of("full"),
      });
      server.accepted(item.command, Array.from(newText).length - typed);
    },
  };
}
