/** Takes the space at the end of an accepted suggestion back when punctuation, a space or a line end follows it. */
import * as vscode from "vscode";
import { takesSpaceBack } from "./smartSpaceRules";

/** Attempts to delete a space: each fails if the user has typed meanwhile. */
const MAX_ATTEMPTS = 5;

/** The end of an insertion. */
interface Place {
  readonly document: vscode.TextDocument;
  readonly position: vscode.Position;
}

export class SmartSpace implements vscode.Disposable {
  /** The end of the last insertion, if that ended with a space and was no key. */
  private inserted: Place | undefined;
  /** The end of the suggestion accepted last, until a character is typed. */
  private accepted: Place | undefined;
  private readonly subscription = vscode.workspace.onDidChangeTextDocument((event) => {
    this.onChange(event);
  });

  /** Handle the acceptance of a suggestion, which has just been inserted into the document at `uri`. */
  onAccepted(uri: string): void {
    this.accepted = this.inserted?.document.uri.toString() === uri ? this.inserted : undefined;
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private onChange({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const accepted = this.accepted;
    const [change] = contentChanges;
    if (change === undefined) {
      return; // only the document's state has changed
    }
    this.accepted = undefined;
    this.inserted = contentChanges.length === 1 ? placeAfter(document, change) : undefined;
    if (accepted?.document === document && change.range.start.isEqual(accepted.position)) {
      const before = document.lineAt(accepted.position.line).text.slice(0, accepted.position.character);
      if (takesSpaceBack(change.text, before)) {
        void deleteSpace(accepted);
      }
    }
  }
}

function placeAfter(
  document: vscode.TextDocument,
  { range, text }: vscode.TextDocumentContentChangeEvent,
): Place | undefined {
  if (text.length < 2 || !text.endsWith(" ")) {
    return undefined;
  }
  const lines = text.split(/\r?\n/);
  const start = lines.length === 1 ? range.start.character : 0;
  const line = range.start.line + lines.length - 1;
  return { document, position: new vscode.Position(line, start + (lines.at(-1)?.length ?? 0)) };
}

async function deleteSpace({ document, position }: Place): Promise<void> {
  const space = new vscode.Range(position.translate(0, -1), position);
  for (let attempt = 0; attempt < MAX_ATTEMPTS && document.getText(space) === " "; attempt += 1) {
    if (await deleteRange(document, space)) {
      return;
    }
  }
}

/** Delete a range, as a part of the last edit if possible. Return false if the user has typed meanwhile. */
async function deleteRange(document: vscode.TextDocument, range: vscode.Range): Promise<boolean> {
  const editor = vscode.window.visibleTextEditors.find((each) => each.document === document);
  if (editor !== undefined) {
    const options = { undoStopBefore: false, undoStopAfter: false };
    return editor.edit((edit) => {
      edit.delete(range);
    }, options);
  }
  // The box for a commit's message is no text editor.
  const edit = new vscode.WorkspaceEdit();
  edit.delete(document.uri, range);
  return vscode.workspace.applyEdit(edit);
}
