/** Foretype in VS Code: what is there from its start to its end. */
import * as vscode from "vscode";
import { registerCommands, say } from "./commands";
import { Service } from "./service";
import { registerStatistics } from "./statisticsPage";
import { StatusBar } from "./statusBar";
import type { Trouble } from "./trouble";

/** Set once somebody has been told that there is no server: they need not be told again at each start. */
const TOLD_MISSING = "toldThatServerIsMissing";

let running: Service | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Foretype", { log: true });
  const storage = context.globalStorageUri;
  const environment = vscode.Uri.joinPath(storage, "environment").fsPath;
  const service = new Service(log, storage, environment, (trouble) => void tell(context, trouble));
  running = service;
  const statusBar = new StatusBar(service);
  context.subscriptions.push(
    log,
    service,
    statusBar,
    registerStatistics(),
    registerCommands({ service, statusBar, log }),
    // The server takes its folders when it starts.
    vscode.workspace.onDidChangeWorkspaceFolders(() => service.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => service.restart()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("foretype.path")) {
        void service.restart();
      }
    }),
  );
  void service.restart();
}

export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}

async function tell(context: vscode.ExtensionContext, { message, remedies, isMissing }: Trouble): Promise<void> {
  if (isMissing && context.globalState.get(TOLD_MISSING) === true) {
    return; // the status bar says so
  }
  await context.globalState.update(TOLD_MISSING, isMissing);
  await say(message, remedies);
}
