/** The item in the status bar. */
import * as vscode from "vscode";
import { condition, face, type Choice, type Condition, type Place } from "./condition";
import type { Service } from "./service";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("status", vscode.StatusBarAlignment.Right, 100);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly service: Service) {
    this.item.name = "Foretype";
    this.item.command = "foretype.showMenu";
    const update = (): void => {
      this.update();
    };
    this.subscriptions = [
      service.onDidChange(update),
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.workspace.onDidOpenTextDocument(update), // its language may be another now
      vscode.workspace.onDidSaveTextDocument(update),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("foretype")) {
          update();
        }
      }),
    ];
    update();
    this.item.show();
  }

  /** How it is, here and now. */
  get condition(): Condition {
    const { state, status, learning } = this.service;
    return condition({ server: state, status, learning, place: place(), choice: choice() });
  }

  dispose(): void {
    vscode.Disposable.from(this.item, ...this.subscriptions).dispose();
  }

  private update(): void {
    const { text, tooltip, alarm } = face(this.condition);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = alarm ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.accessibilityInformation = { label: tooltip, role: "button" };
  }
}

function place(): Place | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document && { scheme: document.uri.scheme, languageId: document.languageId, bytes: size(document) };
}

/** In bytes; without a copy of the text where it cannot matter. */
function size(document: vscode.TextDocument): number {
  const units = document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
  const atMost = 3 * units;
  return atMost <= choice().maxFileSize ? atMost : Buffer.byteLength(document.getText());
}

function choice(): Choice {
  const settings = vscode.workspace.getConfiguration("foretype");
  return {
    enable: settings.get<boolean>("enable", true),
    disabledLanguages: settings.get<string[]>("languages.disabled", []),
    maxFileSize: settings.get("maxFileSize", Infinity),
  };
}
