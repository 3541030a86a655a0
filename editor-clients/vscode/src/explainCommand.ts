/** The command that explains the suggestion at the cursor. */
import * as vscode from "vscode";
import { explanationLines, explanationTitle, type Explanation, type Line, type Source } from "./explanationView";
import type { ServerManager } from "./serverManager";

interface LineItem extends vscode.QuickPickItem {
  readonly line: Line;
}

export async function explainAtCursor(server: ServerManager): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor) {
    await explain(server, editor.document.uri, editor.selection.active);
  }
}

/** Explain `text` at the position, by default the first suggestion. */
async function explain(
  server: ServerManager,
  uri: vscode.Uri,
  position: vscode.Position,
  text?: string,
): Promise<void> {
  const place = { uri: uri.toString(), position: { line: position.line, character: position.character } };
  const argument = text === undefined ? place : { ...place, text };
  const explanation = await server.execute<Explanation | null>("foretype.explain", argument);
  if (explanation === null) {
    void vscode.window.showInformationMessage("Foretype: no suggestion here.");
    return;
  }
  const options = {
    title: explanationTitle(explanation),
    placeHolder: "Choose a place to go there, or another suggestion to explain it",
    matchOnDetail: true,
  };
  const chosen = await vscode.window.showQuickPick(explanationLines(explanation).map(lineItem), options);
  if (chosen?.line.source) {
    await open(chosen.line.source);
  } else if (chosen?.line.suggestion !== undefined) {
    await explain(server, uri, position, chosen.line.suggestion);
  }
}

function lineItem(line: Line): LineItem {
  const { label, description, detail } = line;
  const kind = line.isHeading === true ? vscode.QuickPickItemKind.Separator : vscode.QuickPickItemKind.Default;
  return {
    label,
    kind,
    line,
    ...(description === undefined ? {} : { description }),
    ...(detail === undefined ? {} : { detail }),
  };
}

async function open({ document, line, column }: Source): Promise<void> {
  const uri = /^[a-z][a-z\d+.-]+:/i.test(document) ? vscode.Uri.parse(document) : vscode.Uri.file(document);
  const position = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(position, position) });
}
