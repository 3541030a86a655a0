/** What can go wrong with the server's program, in words, and what can be done about it. Nothing here knows VS Code. */
import { OLDEST_SERVER, type Program } from "./program";

/** Something to do about it, as the button says; the command that does it. */
export interface Remedy {
  readonly label: string;
  readonly command: string;
  readonly argument?: string;
}

export class Trouble extends Error {
  constructor(
    message: string,
    readonly remedies: readonly Remedy[],
    /** Whether this is that there is no program, which is said once and not at each start of VS Code. */
    readonly isMissing = false,
  ) {
    super(message);
  }
}

export const INSTALL: Remedy = { label: "Install", command: "foretype.installServer" };
export const CHOOSE: Remedy = { label: "Choose Program…", command: "foretype.chooseServer" };
export const RESTART: Remedy = { label: "Restart", command: "foretype.restartServer" };
export const LOG: Remedy = { label: "Show Log", command: "foretype.showLog" };
export const SETTINGS: Remedy = {
  label: "Open Settings",
  command: "workbench.action.openSettings",
  argument: "foretype.path",
};

export function missing(setting: string): Trouble {
  if (setting.trim()) {
    return new Trouble(`The setting foretype.path is “${setting}”, where there is no program.`, [SETTINGS, CHOOSE]);
  }
  return new Trouble(
    "The server is not installed yet. It is a Python program, and can go into an environment of its own.",
    [INSTALL, CHOOSE],
    true,
  );
}

export function doesNotRun(program: Program, why: string): Trouble {
  return new Trouble(`${program.file} does not run: ${why}`, remediesFor(program, LOG));
}

export function tooOld(program: Program, version: string | undefined): Trouble {
  const is = version === undefined ? "is not Foretype's" : `is version ${version}`;
  const todo =
    program.origin === "environment" ? "Install it again." : "Update it with “pip install --upgrade foretype”.";
  return new Trouble(
    `${program.file} ${is}; ${OLDEST_SERVER} or later is needed. ${todo}`,
    remediesFor(program, RESTART),
  );
}

export function didNotStart(why: string): Trouble {
  return new Trouble(`The server did not start: ${why}`, [RESTART, LOG]);
}

export function keepsEnding(times: number): Trouble {
  return new Trouble(`The server ended ${times} times by itself, and is not started again.`, [RESTART, LOG]);
}

function remediesFor({ origin }: Program, other: Remedy): Remedy[] {
  if (origin === "setting") {
    return [SETTINGS, other];
  }
  return origin === "environment" ? [INSTALL, other] : [CHOOSE, other];
}
