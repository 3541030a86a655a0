/** The statistics as a Markdown page. */
import * as vscode from "vscode";
import { run } from "./run";
import type { ServerManager } from "./serverManager";
import { parseStatistics, renderStatistics } from "./statistics";

const SCHEME = "foretype";
const DAYS = 30;
/** Milliseconds that `foretype stats` may take. */
const TIMEOUT = 30_000;
const PAGE = vscode.Uri.from({ scheme: SCHEME, path: "/Foretype statistics.md" });

class StatisticsContentProvider implements vscode.TextDocumentContentProvider {
  private readonly changeEmitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changeEmitter.event;
  private text = "";

  setText(text: string): void {
    this.text = text;
    this.changeEmitter.fire(PAGE);
  }

  provideTextDocumentContent(): string {
    return this.text;
  }
}

const provider = new StatisticsContentProvider();

export function registerStatistics(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, provider);
}

export async function showStatistics({ program }: ServerManager): Promise<void> {
  if (program === undefined) {
    throw new Error("there are no statistics without the server: install it first");
  }
  const output = await run([program.file, "stats", "--json", "--days", `${DAYS}`], { timeout: TIMEOUT });
  provider.setText(renderStatistics(parseStatistics(output), DAYS));
  try {
    await vscode.commands.executeCommand("markdown.showPreview", PAGE);
  } catch {
    await vscode.window.showTextDocument(PAGE, { preview: true }); // the built-in Markdown extension is disabled
  }
}
