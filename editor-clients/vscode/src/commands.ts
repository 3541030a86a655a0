/** The commands of `package.json`. */
import * as vscode from "vscode";
import { explainAtCursor } from "./explainCommand";
import { forgetFile, forgetWord } from "./forgetCommands";
import { installServer } from "./installServer";
import { type ServerManager, messageOf } from "./serverManager";
import { toggled, validateMinutes } from "./settings";
import { SHOW_LOG, type MessageAction } from "./startError";
import { showStatistics } from "./statisticsPage";
import type { StatusBar } from "./statusBar";
import { showMenu } from "./statusMenu";

export interface CommandContext {
  readonly server: ServerManager;
  readonly statusBar: StatusBar;
  readonly log: vscode.LogOutputChannel;
}

/** Register every command; an error in one is logged and shown. */
export function registerCommands({ server, statusBar, log }: CommandContext): vscode.Disposable {
  const commands: Record<string, () => unknown> = {
    "foretype.showMenu": () => showMenu(server, statusBar.status),
    "foretype.toggleLanguage": toggleLanguage,
    "foretype.toggle": toggle,
    "foretype.explainHere": () => explainAtCursor(server),
    "foretype.trainWorkspace": () => trainWorkspace(server),
    "foretype.forgetFile": () => forgetFile(server),
    "foretype.forgetWord": () => forgetWord(server),
    "foretype.showStatistics": () => showStatistics(server),
    "foretype.installServer": () => installOrUpdate(server, log),
    "foretype.chooseServer": chooseServer,
    "foretype.restartServer": () => server.restart(),
    "foretype.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", "foretype."),
    "foretype.showLog": () => {
      log.show();
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(name, async () => {
        try {
          await run();
        } catch (error) {
          log.error(`${name}: ${messageOf(error)}`);
          await showError(messageOf(error), [SHOW_LOG]);
        }
      }),
    ),
  );
}

/** Show an error message with a button for each action. */
export async function showError(message: string, actions: readonly MessageAction[]): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`Foretype: ${message}`, ...actions.map((action) => action.label));
  const action = actions.find(({ label }) => label === chosen);
  if (action) {
    await vscode.commands.executeCommand(action.command, ...(action.argument === undefined ? [] : [action.argument]));
  }
}

async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("foretype");
  await settings.update("enable", !settings.get<boolean>("enable", true), target(settings, "enable"));
}

async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  const settings = vscode.workspace.getConfiguration("foretype");
  if (language !== undefined) {
    const disabled = toggled(settings.get<string[]>("languages.disabled", []), language);
    await settings.update("languages.disabled", disabled, target(settings, "languages.disabled"));
  }
}

/** Return the target at which a change of the setting takes effect: the workspace if it sets a value, else the user. */
function target(settings: vscode.WorkspaceConfiguration, name: string): vscode.ConfigurationTarget {
  const hasWorkspaceValue = settings.inspect(name)?.workspaceValue !== undefined;
  return hasWorkspaceValue ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
}

async function trainWorkspace(server: ServerManager): Promise<void> {
  const paths = await chooseTrainingPaths();
  const minutes =
    paths &&
    (await vscode.window.showInputBox({
      title: "Train Foretype on this workspace",
      prompt: "Number of minutes. Training runs in the background and can be cancelled.",
      value: "10",
      validateInput: validateMinutes,
    }));
  if (minutes !== undefined) {
    await server.execute("foretype.train", { paths, minutes: Number(minutes) });
  }
}

/** Return the paths of the workspace's folders, or of chosen files and folders if no folder is open. */
async function chooseTrainingPaths(): Promise<string[] | undefined> {
  const folders = vscode.workspace.workspaceFolders?.map((folder) => folder.uri);
  const chosen =
    folders ??
    (await vscode.window.showOpenDialog({
      title: "Train Foretype on…",
      openLabel: "Train",
      canSelectFiles: true,
      canSelectFolders: true,
      canSelectMany: true,
    }));
  return chosen?.filter((uri) => uri.scheme === "file").map((uri) => uri.fsPath);
}

async function installOrUpdate(server: ServerManager, log: vscode.LogOutputChannel): Promise<void> {
  const isInstalled = await server.whileStopped(() => installServer(server.environment, log));
  if (isInstalled && server.state.kind === "running") {
    void vscode.window.showInformationMessage(
      `Foretype: server ${server.state.version} is installed. Open a file and type.`,
    );
  }
}

async function chooseServer(): Promise<void> {
  const [chosen] = (await vscode.window.showOpenDialog({ title: "The program foretype", openLabel: "Choose" })) ?? [];
  if (chosen) {
    const settings = vscode.workspace.getConfiguration("foretype");
    await settings.update("path", chosen.fsPath, vscode.ConfigurationTarget.Global);
  }
}
