/** Tells VS Code's key bindings whether Shift+Tab would outdent: the cursor is in the white space before a line's text. */
import * as vscode from "vscode";

const CONTEXT = "foretype.canOutdent";

export function registerOutdentContext(): vscode.Disposable {
  let isSet = false;
  const update = (): void => {
    const editor = vscode.window.activeTextEditor;
    const canOutdent = editor !== undefined && isInIndentation(editor.document, editor.selection.active);
    if (canOutdent !== isSet) {
      isSet = canOutdent;
      void vscode.commands.executeCommand("setContext", CONTEXT, canOutdent);
    }
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(update),
    vscode.window.onDidChangeActiveTextEditor(update),
  );
}

function isInIndentation(document: vscode.TextDocument, { line, character }: vscode.Position): boolean {
  return character > 0 && document.lineAt(line).text.slice(0, character).trim() === "";
}
