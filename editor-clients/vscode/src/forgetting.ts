/** A file or a word out of what was learnt. */
import * as vscode from "vscode";
import type { Service } from "./service";

interface Removed {
  readonly files: readonly string[];
  readonly bytes: number;
  readonly occurrences: number;
}

export async function forgetFile(service: Service): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Foretype: only a file on the disk can be forgotten.");
    return;
  }
  const name = vscode.workspace.asRelativePath(document.uri);
  const detail =
    "Nothing learnt from it is offered any more, and it is not learnt from again. It stays on the disk as it is.";
  const chosen = await vscode.window.showWarningMessage(`Forget ${name} for good?`, { modal: true, detail }, "Forget");
  if (chosen === "Forget") {
    await forget(service, { path: document.uri.fsPath }, name);
  }
}

export async function forgetWord(service: Service): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const range = editor?.document.getWordRangeAtPosition(editor.selection.active);
  const word = await vscode.window.showInputBox({
    title: "Forget a word for good",
    prompt: "It is never offered again, in this spelling. Enter forgets it.",
    value: range ? (editor?.document.getText(range) ?? "") : "",
  });
  if (word?.trim()) {
    await forget(service, { word: word.trim() }, `the word “${word.trim()}”`);
  }
}

async function forget(service: Service, what: { path: string } | { word: string }, name: string): Promise<void> {
  const { files, bytes, occurrences } = await service.execute<Removed>("foretype.forget", what);
  const counts = `${files.length} files, ${bytes} bytes, ${occurrences} occurrences`;
  void vscode.window.showInformationMessage(`Foretype: ${name} is forgotten: ${counts}.`);
}
