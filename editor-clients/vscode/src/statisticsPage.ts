/** What was saved, as a page of Markdown. */
import * as vscode from "vscode";
import { run } from "./run";
import type { Service } from "./service";
import { page, readRows } from "./statistics";

const SCHEME = "foretype";
const DAYS = 30;
/** Milliseconds that `foretype stats` may take. */
const AWAITED = 30_000;
const PAGE = vscode.Uri.from({ scheme: SCHEME, path: "/Foretype statistics.md" });

class Pages implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private text = "";

  set(text: string): void {
    this.text = text;
    this.changed.fire(PAGE);
  }

  provideTextDocumentContent(): string {
    return this.text;
  }
}

const pages = new Pages();

export function registerStatistics(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, pages);
}

export async function showStatistics({ program }: Service): Promise<void> {
  if (program === undefined) {
    throw new Error("there are no statistics without the server: install it first");
  }
  pages.set(
    page(readRows(await run([program.file, "stats", "--json", "--days", `${DAYS}`], { timeout: AWAITED })), DAYS),
  );
  try {
    await vscode.commands.executeCommand("markdown.showPreview", PAGE);
  } catch {
    await vscode.window.showTextDocument(PAGE, { preview: true }); // the built-in Markdown extension is turned off
  }
}
