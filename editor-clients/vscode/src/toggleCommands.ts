/** The commands that turn suggestions on or off, by the settings. */
import * as vscode from "vscode";
import { toggled } from "./settings";

export async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("foretype");
  const wanted = !settings.get<boolean>("enable", true);
  if (target(settings, "enable") === vscode.ConfigurationTarget.Workspace) {
    await settings.update("enable", undefined, vscode.ConfigurationTarget.Workspace);
  }
  await settings.update("enable", wanted, vscode.ConfigurationTarget.Global);
}

/** Turn suggestions off or on in this workspace; its value goes if the user's own says the same. */
export async function toggleWorkspace(): Promise<void> {
  if (vscode.workspace.workspaceFolders === undefined) {
    throw new Error("no folder is open, so there is no workspace to turn off");
  }
  const settings = vscode.workspace.getConfiguration("foretype");
  const wanted = !settings.get<boolean>("enable", true);
  const { globalValue, defaultValue } = settings.inspect<boolean>("enable") ?? {};
  const value = wanted === (globalValue ?? defaultValue ?? true) ? undefined : wanted;
  await settings.update("enable", value, vscode.ConfigurationTarget.Workspace);
}

export async function toggleLanguage(): Promise<void> {
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
