/** The menu of the status bar item. */
import * as vscode from "vscode";
import type { ServerManager } from "./serverManager";
import { statusView, type Status } from "./status";

interface MenuItem extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function showMenu(server: ServerManager, status: Status): Promise<void> {
  if (server.state.kind === "running") {
    await server.refreshStatus();
  }
  const title = statusView(status).tooltip.split("\n", 1)[0] ?? "Foretype";
  const chosen = await vscode.window.showQuickPick(menuItems(server), { title, placeHolder: "Foretype" });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function menuItems(server: ServerManager): MenuItem[] {
  const language = vscode.window.activeTextEditor?.document.languageId;
  const isRunning = server.state.kind === "running";
  return [
    ...toggleItems(language, server.snooze.end !== undefined),
    ...(isRunning ? textItems(language !== undefined) : []),
    separator("Foretype"),
    ...(server.program ? [item("graph", "Show statistics", "showStatistics")] : []),
    item("settings-gear", "Open settings", "openSettings"),
    item("debug-restart", "Restart the server", "restartServer"),
    item("cloud-download", "Install or update the server…", "installServer"),
    ...(isRunning ? [] : [item("folder-opened", "Choose the server's program…", "chooseServer")]),
    item("output", "Show log", "showLog"),
  ];
}

/** Return the items that turn suggestions on or off. */
function toggleItems(language: string | undefined, isSnoozed: boolean): MenuItem[] {
  const settings = vscode.workspace.getConfiguration("foretype");
  const isOff = language !== undefined && settings.get<string[]>("languages.disabled", []).includes(language);
  const isEnabled = settings.get<boolean>("enable", true);
  const forLanguage =
    language === undefined ? [] : [item(onOffIcon(isOff), `Turn ${onOrOff(isOff)} for ${language}`, "toggleLanguage")];
  const forWorkspace =
    vscode.workspace.workspaceFolders === undefined
      ? []
      : [item(onOffIcon(!isEnabled), `Turn ${onOrOff(!isEnabled)} for this workspace`, "toggleWorkspace")];
  return [
    item("watch", isSnoozed ? "Wake up" : "Snooze for five minutes", "snooze"),
    ...forLanguage,
    ...forWorkspace,
    item(onOffIcon(!isEnabled), `Turn ${onOrOff(!isEnabled)} everywhere`, "toggle"),
  ];
}

/** Return the items that act on the text. */
function textItems(hasEditor: boolean): MenuItem[] {
  return [
    separator("This text"),
    ...(hasEditor ? [item("lightbulb", "Suggest here", "suggestHere")] : []),
    ...(hasEditor ? [item("question", "Explain this suggestion", "explainHere")] : []),
    item("mortar-board", "Train on this workspace…", "trainWorkspace"),
    ...(hasEditor ? [item("trash", "Forget this file…", "forgetFile")] : []),
    item("trash", "Forget a word…", "forgetWord"),
  ];
}

function onOffIcon(isOn: boolean): string {
  return isOn ? "check" : "circle-slash";
}

function onOrOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}

function item(icon: string, label: string, command: string): MenuItem {
  return { label: `$(${icon}) ${label}`, command: `foretype.${command}` };
}

function separator(label: string): MenuItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
