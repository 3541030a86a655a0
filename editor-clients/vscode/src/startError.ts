/** The errors that keep the server from starting, with their remedies. Independent of the VS Code API. */
import { OLDEST_SERVER, type Program } from "./program";

/** A button of an error message, and the command that it runs. */
export interface MessageAction {
  readonly label: string;
  readonly command: string;
  readonly argument?: string;
}

export class StartError extends Error {
  constructor(
    message: string,
    readonly actions: readonly MessageAction[],
    /** True if there is no program; that is shown once, not at each start of VS Code. */
    readonly isMissingProgram = false,
  ) {
    super(message);
  }
}

export const INSTALL: MessageAction = { label: "Install", command: "foretype.installServer" };
export const UPDATE: MessageAction = { label: "Update", command: "foretype.installServer" };
export const CHOOSE_PROGRAM: MessageAction = { label: "Choose Program…", command: "foretype.chooseServer" };
export const RESTART: MessageAction = { label: "Restart", command: "foretype.restartServer" };
export const SHOW_LOG: MessageAction = { label: "Show Log", command: "foretype.showLog" };
export const OPEN_SETTINGS: MessageAction = {
  label: "Open Settings",
  command: "workbench.action.openSettings",
  argument: "foretype.path",
};

export function programMissing(setting: string): StartError {
  if (setting.trim()) {
    const message = `There is no program “${setting}”, which the setting foretype.path names.`;
    return new StartError(message, [OPEN_SETTINGS, CHOOSE_PROGRAM]);
  }
  return new StartError(
    "The server is not installed yet. It is a Python program, and can be installed into its own environment.",
    [INSTALL, CHOOSE_PROGRAM],
    true,
  );
}

export function programFails(program: Program, reason: string): StartError {
  return new StartError(`${program.file} does not run: ${reason}`, actionsFor(program, SHOW_LOG));
}

export function programTooOld(program: Program, version: string | undefined): StartError {
  const found = version === undefined ? "is not Foretype's" : `is version ${version}`;
  return new StartError(`${program.file} ${found}; ${OLDEST_SERVER} or later is needed.`, actionsFor(program, RESTART));
}

export function startFailed(reason: string): StartError {
  return new StartError(`The server did not start: ${reason}`, [RESTART, SHOW_LOG]);
}

export function endsRepeatedly(times: number): StartError {
  return new StartError(`The server ended ${times} times, and is not started again.`, [RESTART, SHOW_LOG]);
}

function actionsFor({ origin }: Program, other: MessageAction): MessageAction[] {
  if (origin === "setting") {
    return [OPEN_SETTINGS, other];
  }
  return origin === "environment" ? [UPDATE, other] : [UPDATE, CHOOSE_PROGRAM, other];
}
