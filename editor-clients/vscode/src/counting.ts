/** Counts what is taken, at the server: `foretype.accepted`, which VS Code runs for an item that was taken whole. */
import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Offers } from "./offers";

const ACCEPTED = "foretype.accepted";
/** Milliseconds after an edit in which the command may come that has made it. */
const COMMAND_AWAITED = 400;

interface Accepted {
  readonly kind: string;
  readonly characters: number;
  readonly uri: string;
  /** The number of an offer, as `Offers` has it. */
  readonly offer?: number;
}

export class Counting {
  private readonly offers = new Offers(
    (uri, characters) => {
      void vscode.commands.executeCommand(ACCEPTED, { kind: "ghost", characters, uri } satisfies Accepted);
    },
    (act) => {
      const timer = setTimeout(act, COMMAND_AWAITED);
      return () => {
        clearTimeout(timer);
      };
    },
  );

  readonly middleware: Middleware = {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      const { version } = document;
      const offset = document.offsetAt(position);
      const answer = await next(document, position, context, token);
      for (const item of Array.isArray(answer) ? answer : (answer?.items ?? [])) {
        if (document.version === version && typeof item.insertText === "string") {
          this.number(item, document.uri.toString(), offset, item.insertText);
        }
      }
      return answer;
    },
    didChange: async (event, next) => {
      const changes = event.contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
        offset: rangeOffset,
        removed: rangeLength,
        text,
      }));
      this.offers.changed(event.document.uri.toString(), changes, event.reason !== undefined);
      await next(event);
    },
    executeCommand: (command, args, next): unknown =>
      next(command, command === ACCEPTED ? args.map((each) => this.counted(each as Accepted)) : args),
  };

  private number(item: vscode.InlineCompletionItem, uri: string, offset: number, text: string): void {
    const [argument] = (item.command?.arguments ?? []) as Accepted[];
    if (item.command && argument) {
      const offer = this.offers.offered(uri, offset, text);
      item.command = { ...item.command, arguments: [{ ...argument, uri, offer } satisfies Accepted] };
    }
  }

  private counted({ offer, ...accepted }: Accepted): Accepted {
    if (offer !== undefined) {
      return { ...accepted, characters: this.offers.wholly(offer) ?? accepted.characters };
    }
    if (accepted.kind !== "ghost") {
      this.offers.fromMenu(vscode.Uri.parse(accepted.uri).toString());
    }
    return accepted;
  }
}
