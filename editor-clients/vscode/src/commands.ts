/** What a user can have done. */
import * as vscode from "vscode";
import { explainHere } from "./explaining";
import { forgetFile, forgetWord } from "./forgetting";
import { install } from "./installation";
import { showMenu } from "./menu";
import { type Service, messageOf } from "./service";
import { toggled, wrongMinutes } from "./settings";
import { showStatistics } from "./statisticsPage";
import type { StatusBar } from "./statusBar";
import { LOG, type Remedy } from "./trouble";

export interface Means {
  readonly service: Service;
  readonly statusBar: StatusBar;
  readonly log: vscode.LogOutputChannel;
}

/** Each command of `package.json`. */
export function registerCommands({ service, statusBar, log }: Means): vscode.Disposable {
  const commands: Record<string, () => unknown> = {
    "foretype.showMenu": () => showMenu(service, statusBar.condition),
    "foretype.toggleLanguage": toggleLanguage,
    "foretype.toggle": toggle,
    "foretype.explainHere": () => explainHere(service),
    "foretype.trainWorkspace": () => trainWorkspace(service),
    "foretype.forgetFile": () => forgetFile(service),
    "foretype.forgetWord": () => forgetWord(service),
    "foretype.showStatistics": () => showStatistics(service),
    "foretype.installServer": () => installServer(service, log),
    "foretype.chooseServer": chooseServer,
    "foretype.restartServer": () => service.restart(),
    "foretype.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", "foretype."),
    "foretype.showLog": () => {
      log.show();
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, act]) =>
      vscode.commands.registerCommand(name, async () => {
        try {
          await act();
        } catch (error) {
          log.error(`${name}: ${messageOf(error)}`);
          await say(messageOf(error), [LOG]);
        }
      }),
    ),
  );
}

/** Tells the user what went wrong, with what can be done about it. */
export async function say(message: string, remedies: readonly Remedy[]): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(
    `Foretype: ${message}`,
    ...remedies.map((remedy) => remedy.label),
  );
  const remedy = remedies.find((each) => each.label === chosen);
  if (remedy) {
    await vscode.commands.executeCommand(remedy.command, ...(remedy.argument === undefined ? [] : [remedy.argument]));
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

/** Where a setting is to be changed for the change to be seen: in the workspace where it has one, else for the user. */
function target(settings: vscode.WorkspaceConfiguration, name: string): vscode.ConfigurationTarget {
  const isOfWorkspace = settings.inspect(name)?.workspaceValue !== undefined;
  return isOfWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
}

async function trainWorkspace(service: Service): Promise<void> {
  const paths = await toTrainOn();
  const minutes =
    paths &&
    (await vscode.window.showInputBox({
      title: "Train Foretype on this workspace",
      prompt: "For how many minutes? It goes on in the background, and can be cancelled.",
      value: "10",
      validateInput: wrongMinutes,
    }));
  if (minutes !== undefined) {
    await service.execute("foretype.train", { paths, minutes: Number(minutes) });
  }
}

async function toTrainOn(): Promise<string[] | undefined> {
  const folders = vscode.workspace.workspaceFolders?.map((folder) => folder.uri);
  const chosen =
    folders ??
    (await vscode.window.showOpenDialog({
      title: "Train Foretype on…",
      openLabel: "Train on This",
      canSelectFiles: true,
      canSelectFolders: true,
      canSelectMany: true,
    }));
  return chosen?.filter((uri) => uri.scheme === "file").map((uri) => uri.fsPath);
}

async function installServer(service: Service, log: vscode.LogOutputChannel): Promise<void> {
  const installed = await service.without(() => install(service.environment, log));
  if (installed && service.state.kind === "running") {
    void vscode.window.showInformationMessage(
      `Foretype: the server ${service.state.version} is installed. Open a file, and type.`,
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
