/** Activation and deactivation of the extension. */
import * as vscode from "vscode";
import { registerCommands, showError } from "./commands";
import { Installer } from "./installServer";
import { registerOutdentContext } from "./outdentContext";
import { ServerManager } from "./serverManager";
import type { StartError } from "./startError";
import { registerStatistics } from "./statisticsPage";
import { StatusBar } from "./statusBar";

/** Set in the global state once the user has seen that there is no server, so that no later start repeats it. */
const MISSING_SERVER_SHOWN = "toldThatServerIsMissing";

let activeServer: ServerManager | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Foretype", { log: true });
  const storage = context.globalStorageUri;
  const environment = vscode.Uri.joinPath(storage, "environment").fsPath;
  const server = new ServerManager(log, storage, environment, (error) => void showStartError(context, error));
  activeServer = server;
  const statusBar = new StatusBar(server);
  const installer = new Installer(server, context.globalState, log);
  context.subscriptions.push(
    log,
    server,
    statusBar,
    registerStatistics(),
    registerOutdentContext(),
    registerCommands({ server, installer, statusBar, log }),
    // The server gets its folders when it starts.
    vscode.workspace.onDidChangeWorkspaceFolders(() => server.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("foretype.path")) {
        void server.restart();
      }
    }),
  );
  void server.restart();
}

export function deactivate(): Promise<void> | undefined {
  return activeServer?.stop();
}

async function showStartError(
  context: vscode.ExtensionContext,
  { message, actions, isMissingProgram }: StartError,
): Promise<void> {
  if (isMissingProgram && context.globalState.get(MISSING_SERVER_SHOWN) === true) {
    return; // the status bar shows it
  }
  await context.globalState.update(MISSING_SERVER_SHOWN, isMissingProgram);
  await showError(message, actions);
}
