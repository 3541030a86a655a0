/** The commands of `package.json`. */
import * as vscode from "vscode";
import { messageOf } from "./errors";
import { explainAtCursor } from "./explainCommand";
import { forgetFile, forgetWord } from "./forgetCommands";
import type { Installer } from "./installServer";
import type { ServerManager } from "./serverManager";
import { validateMinutes } from "./settings";
import { SHOW_LOG, type MessageAction } from "./startError";
import { showStatistics } from "./statisticsPage";
import type { StatusBar } from "./statusBar";
import { showMenu } from "./statusMenu";
import { openWordMenu, suggestHere } from "./suggestCommands";
import { toggle, toggleLanguage, toggleWorkspace } from "./toggleCommands";

export interface CommandContext {
  readonly server: ServerManager;
  readonly installer: Installer;
  readonly statusBar: StatusBar;
  readonly log: vscode.LogOutputChannel;
}

/** Register every command; an error in one is logged and shown. */
export function registerCommands({ server, installer, statusBar, log }: CommandContext): vscode.Disposable {
  const commands: Record<string, () => unknown> = {
    "foretype.showMenu": () => showMenu(server, statusBar.status),
    "foretype.suggestHere": suggestHere,
    "foretype.openWordMenu": openWordMenu,
    "foretype.snooze": () => {
      server.snooze.toggle();
    },
    "foretype.toggleLanguage": toggleLanguage,
    "foretype.toggleWorkspace": toggleWorkspace,
    "foretype.toggle": toggle,
    "foretype.explainHere": () => explainAtCursor(server),
    "foretype.trainWorkspace": () => trainWorkspace(server, installer),
    "foretype.forgetFile": () => forgetFile(server),
    "foretype.forgetWord": () => forgetWord(server),
    "foretype.showStatistics": () => showStatistics(server),
    "foretype.installServer": () => installer.installServer(),
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

async function trainWorkspace(server: ServerManager, installer: Installer): Promise<void> {
  const paths = (await installer.ensureTraining()) ? await chooseTrainingPaths() : undefined;
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

async function chooseServer(): Promise<void> {
  const [chosen] = (await vscode.window.showOpenDialog({ title: "The program foretype", openLabel: "Choose" })) ?? [];
  if (chosen) {
    const settings = vscode.workspace.getConfiguration("foretype");
    await settings.update("path", chosen.fsPath, vscode.ConfigurationTarget.Global);
  }
}
