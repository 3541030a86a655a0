/** Why something is offered at the cursor. */
import * as vscode from "vscode";
import { lines, title, type Explanation, type Line, type Source } from "./explanation";
import type { Service } from "./service";

interface Item extends vscode.QuickPickItem {
  readonly line: Line;
}

export async function explainHere(service: Service): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor) {
    await explain(service, editor.document.uri, editor.selection.active);
  }
}

/** By default, why the first text is offered there. */
async function explain(service: Service, uri: vscode.Uri, position: vscode.Position, text?: string): Promise<void> {
  const asked = { uri: uri.toString(), position: { line: position.line, character: position.character } };
  const answer = await service.execute<Explanation | null>(
    "foretype.explain",
    text === undefined ? asked : { ...asked, text },
  );
  if (answer === null) {
    void vscode.window.showInformationMessage("Foretype: nothing is offered here.");
    return;
  }
  const options = {
    title: title(answer),
    placeHolder: "Choose a place to go there, or another text to have it explained",
    matchOnDetail: true,
  };
  const chosen = await vscode.window.showQuickPick(lines(answer).map(item), options);
  if (chosen?.line.source) {
    await open(chosen.line.source);
  } else if (chosen?.line.other !== undefined) {
    await explain(service, uri, position, chosen.line.other);
  }
}

function item(line: Line): Item {
  const { label, description, detail } = line;
  const kind = line.heading === true ? vscode.QuickPickItemKind.Separator : vscode.QuickPickItemKind.Default;
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
