/** The commands that show suggestions by hand. */
import * as vscode from "vscode";

/** The beginning of the text in which the menu opens if there is no editor. */
const EXAMPLE = "Thank you for your ";

/** Show ghost text at the cursor, even if its probability is low. */
export async function suggestHere(): Promise<void> {
  await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
}

/** Open the menu of next words at the cursor; without an editor, in a new file with an example. */
export async function openWordMenu(): Promise<void> {
  if (vscode.window.activeTextEditor === undefined) {
    const document = await vscode.workspace.openTextDocument({ content: EXAMPLE });
    const editor = await vscode.window.showTextDocument(document);
    const end = document.lineAt(0).range.end;
    editor.selection = new vscode.Selection(end, end);
  }
  await vscode.commands.executeCommand("editor.action.triggerSuggest");
}
