/** The commands that forget a file or a word. */
import * as vscode from "vscode";
import type { ServerManager } from "./serverManager";

interface ForgetResult {
  readonly files: readonly string[];
  readonly bytes: number;
  readonly occurrences: number;
}

export async function forgetFile(server: ServerManager): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Foretype: only a file on the disk can be forgotten.");
    return;
  }
  const name = vscode.workspace.asRelativePath(document.uri);
  const detail =
    "Foretype removes all that it has learnt from this file, and never learns from it again. The file stays unchanged.";
  const chosen = await vscode.window.showWarningMessage(`Forget ${name} for good?`, { modal: true, detail }, "Forget");
  if (chosen === "Forget") {
    await forget(server, { path: document.uri.fsPath }, name);
  }
}

export async function forgetWord(server: ServerManager): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const range = editor?.document.getWordRangeAtPosition(editor.selection.active);
  const word = await vscode.window.showInputBox({
    title: "Forget a word for good",
    prompt: "Foretype never suggests the word in this spelling again. Press Enter to forget it.",
    value: range ? (editor?.document.getText(range) ?? "") : "",
  });
  if (word?.trim()) {
    await forget(server, { word: word.trim() }, `the word “${word.trim()}”`);
  }
}

async function forget(
  server: ServerManager,
  target: { path: string } | { word: string },
  label: string,
): Promise<void> {
  const { files, bytes, occurrences } = await server.execute<ForgetResult>("foretype.forget", target);
  const counts = `${files.length} files, ${bytes} bytes, ${occurrences} occurrences`;
  void vscode.window.showInformationMessage(`Foretype: ${label} is forgotten: ${counts}.`);
}
