/** Takes the space at the end of an accepted suggestion back when punctuation, a space or a line end follows it. */
import * as vscode from "vscode";
import { takesSpaceBack } from "./smartSpaceRules";

/** Attempts to delete a space: each fails if the user has typed meanwhile. */
const MAX_ATTEMPTS = 5;

/** The ends of insertions, one for each cursor, from the first in the text to the last. */
interface Places {
  readonly document: vscode.TextDocument;
  readonly positions: readonly vscode.Position[];
}

export class SmartSpace implements vscode.Disposable {
  /** The ends of the last insertions, if these ended with a space and were no keys. */
  private inserted: Places | undefined;
  /** The ends of the suggestion accepted last, until a character is typed. */
  private accepted: Places | undefined;
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
    if (contentChanges.length === 0) {
      return; // only the document's state has changed
    }
    this.accepted = undefined;
    const changes = [...contentChanges].sort((one, other) => one.rangeOffset - other.rangeOffset);
    const starts = startOffsets(changes);
    const isAccepted = changes.every(({ text }) => text.length >= 2 && text.endsWith(" "));
    const ends = changes.map(({ text }, index) => document.positionAt((starts[index] ?? 0) + text.length));
    this.inserted = isAccepted ? { document, positions: ends } : undefined;
    if (accepted?.document === document && isAt(accepted.positions, changes)) {
      const spaces = changes.flatMap(({ text }, index) => {
        const position = document.positionAt(starts[index] ?? 0);
        const before = document.lineAt(position.line).text.slice(0, position.character);
        return takesSpaceBack(text, before) ? [new vscode.Range(position.translate(0, -1), position)] : [];
      });
      void deleteSpaces(document, spaces);
    }
  }
}

/** Return where each of the sorted changes begins in the changed text: those before it have moved it. */
function startOffsets(changes: readonly vscode.TextDocumentContentChangeEvent[]): number[] {
  let growth = 0;
  return changes.map(({ rangeOffset, rangeLength, text }) => {
    const start = rangeOffset + growth;
    growth += text.length - rangeLength;
    return start;
  });
}

/** Return whether the sorted changes begin at the positions, one at each. */
function isAt(
  positions: readonly vscode.Position[],
  changes: readonly vscode.TextDocumentContentChangeEvent[],
): boolean {
  return (
    positions.length === changes.length &&
    positions.every((position, index) => changes[index]?.range.start.isEqual(position))
  );
}

async function deleteSpaces(document: vscode.TextDocument, spaces: readonly vscode.Range[]): Promise<void> {
  const areThere = (): boolean => spaces.length > 0 && spaces.every((space) => document.getText(space) === " ");
  for (let attempt = 0; attempt < MAX_ATTEMPTS && areThere(); attempt += 1) {
    if (await deleteRanges(document, spaces)) {
      return;
    }
  }
}

/** Delete ranges, as a part of the last edit if possible. Return false if the user has typed meanwhile. */
async function deleteRanges(document: vscode.TextDocument, ranges: readonly vscode.Range[]): Promise<boolean> {
  const editor = vscode.window.visibleTextEditors.find((each) => each.document === document);
  if (editor !== undefined) {
    const options = { undoStopBefore: false, undoStopAfter: false };
    return editor.edit((edit) => {
      ranges.forEach((range) => {
        edit.delete(range);
      });
    }, options);
  }
  // The box for a commit's message is no text editor.
  const edit = new vscode.WorkspaceEdit();
  ranges.forEach((range) => {
    edit.delete(document.uri, range);
  });
  return vscode.workspace.applyEdit(edit);
}
