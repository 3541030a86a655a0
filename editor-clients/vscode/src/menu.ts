/** The menu behind the item in the status bar. */
import * as vscode from "vscode";
import { face, type Condition } from "./condition";
import type { Service } from "./service";

interface Entry extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function showMenu(service: Service, condition: Condition): Promise<void> {
  if (service.state.kind === "running") {
    await service.ask();
  }
  const title = face(condition).tooltip.split("\n", 1)[0] ?? "Foretype";
  const chosen = await vscode.window.showQuickPick(entries(service), { title, placeHolder: "Foretype" });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function entries(service: Service): Entry[] {
  const settings = vscode.workspace.getConfiguration("foretype");
  const language = vscode.window.activeTextEditor?.document.languageId;
  const isOff = language !== undefined && settings.get<string[]>("languages.disabled", []).includes(language);
  const isRunning = service.state.kind === "running";
  const here =
    language === undefined
      ? []
      : [entry(isOff ? "check" : "circle-slash", `Turn ${onOrOff(isOff)} for ${language}`, "toggleLanguage")];
  const isEnabled = settings.get<boolean>("enable", true);
  const onText = [
    separator("This text"),
    ...(language === undefined ? [] : [entry("question", "Explain what is offered here", "explainHere")]),
    entry("mortar-board", "Train on this workspace…", "trainWorkspace"),
    ...(language === undefined ? [] : [entry("trash", "Forget this file…", "forgetFile")]),
    entry("trash", "Forget a word…", "forgetWord"),
  ];
  return [
    ...here,
    entry(isEnabled ? "circle-slash" : "check", `Turn ${onOrOff(!isEnabled)} everywhere`, "toggle"),
    ...(isRunning ? onText : []),
    separator("Foretype"),
    ...(service.program ? [entry("graph", "Show statistics", "showStatistics")] : []),
    entry("settings-gear", "Open settings", "openSettings"),
    entry("debug-restart", "Restart the server", "restartServer"),
    ...(isRunning
      ? []
      : [
          entry("cloud-download", "Install or update the server", "installServer"),
          entry("folder-opened", "Choose the server's program…", "chooseServer"),
        ]),
    entry("output", "Show log", "showLog"),
  ];
}

function onOrOff(on: boolean): string {
  return on ? "on" : "off";
}

function entry(icon: string, label: string, command: string): Entry {
  return { label: `$(${icon}) ${label}`, command: `foretype.${command}` };
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
