/** The item in the status bar. */
import * as vscode from "vscode";
import type { ServerManager } from "./serverManager";
import { computeStatus, statusView, type ActiveDocument, type EnablingSettings, type Status } from "./status";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("status", vscode.StatusBarAlignment.Right, 100);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly server: ServerManager) {
    this.item.name = "Foretype";
    this.item.command = "foretype.showMenu";
    const update = (): void => {
      this.update();
    };
    this.subscriptions = [
      server.onDidChange(update),
      server.snooze.onDidChange(update),
      vscode.window.onDidChangeActiveTextEditor(() => {
        update();
        server.scheduleRefresh(); // the model is that of the active document
      }),
      vscode.workspace.onDidOpenTextDocument(update), // after a change of a document's language
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

  /** The status in the active editor. */
  get status(): Status {
    const { state, status, activity } = this.server;
    const settings = enablingSettings();
    return computeStatus({
      server: state,
      serverStatus: status,
      activity,
      document: activeDocument(settings),
      snoozedUntil: this.server.snooze.end,
      settings,
    });
  }

  dispose(): void {
    vscode.Disposable.from(this.item, ...this.subscriptions).dispose();
  }

  private update(): void {
    const { text, tooltip, isError } = statusView(this.status);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = isError ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.accessibilityInformation = { label: tooltip, role: "button" };
  }
}

function activeDocument({ maxFileSize }: EnablingSettings): ActiveDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return (
    document && {
      scheme: document.uri.scheme,
      languageId: document.languageId,
      bytes: byteLength(document, maxFileSize),
    }
  );
}

/** Return the size in bytes, or an upper bound if that is at most `limit`, to avoid a copy of the text. */
function byteLength(document: vscode.TextDocument, limit: number): number {
  const units = document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
  const upperBound = 3 * units;
  return upperBound <= limit ? upperBound : Buffer.byteLength(document.getText());
}

function enablingSettings(): EnablingSettings {
  const settings = vscode.workspace.getConfiguration("foretype");
  return {
    enable: settings.get<boolean>("enable", true),
    disabledLanguages: settings.get<string[]>("languages.disabled", []),
    maxFileSize: settings.get("maxFileSize", Infinity),
    isOffInWorkspace: settings.inspect<boolean>("enable")?.workspaceValue === false,
  };
}
