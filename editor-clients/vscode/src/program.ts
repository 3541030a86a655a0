/** Finds the server's program. Independent of the VS Code API. */
import { homedir } from "node:os";
import * as path from "node:path";

/** The oldest server that this extension supports. */
export const OLDEST_SERVER = "0.1.0";
export const OLDEST_PYTHON = "3.11";

export type Origin = "setting" | "setup" | "environment" | "path" | "interpreter";

export interface Program {
  readonly file: string;
  readonly origin: Origin;
}

/** The inputs of the search. */
export interface SearchContext {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** The setting `foretype.path`; empty if it is not set. */
  readonly setting: string;
  /** The folder of the extension's virtual environment, which may not exist yet. */
  readonly environment: string;
  /** The interpreter of the Python extension; only in a trusted workspace. */
  readonly interpreter?: string | undefined;
  isProgram(file: string): boolean;
  /** Return the text of a file, or undefined if it cannot be read. */
  read(file: string): string | undefined;
}

export function hostContext(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Pick<SearchContext, "platform" | "env" | "home"> {
  return { platform, env, home: homedir() };
}

function paths(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}

/** Return the server's folder for user data, as Python's platformdirs determines it. */
export function dataFolder({ platform, env, home }: Pick<SearchContext, "platform" | "env" | "home">): string {
  const { join } = paths(platform);
  if (env.FORETYPE_HOME) {
    return env.FORETYPE_HOME;
  }
  if (platform === "win32") {
    return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "foretype");
  }
  if (platform === "darwin") {
    return join(home, "Library", "Application Support", "foretype");
  }
  const data = env.XDG_DATA_HOME?.trim() ?? "";
  return join(data === "" ? join(home, ".local", "share") : data, "foretype");
}

/** Return the folder of programs of a Python environment. */
export function scriptsFolder(environment: string, platform: NodeJS.Platform): string {
  return paths(platform).join(environment, platform === "win32" ? "Scripts" : "bin");
}

export function executableName(name: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? `${name}.exe` : name;
}

/** Return the paths of a program in the folders of the PATH. Skip relative folders, which may lie in the workspace. */
export function pathsOnPath(name: string, context: Pick<SearchContext, "platform" | "env">): string[] {
  const { join, isAbsolute, delimiter } = paths(context.platform);
  const folders = (context.env.PATH ?? context.env.Path ?? "").split(delimiter);
  return folders.filter(isAbsolute).map((folder) => join(folder, executableName(name, context.platform)));
}

/** Return the candidates that the setting names: a path, in which `~` is the home folder, or a name on the PATH. */
function namedBySetting(context: SearchContext): string[] {
  const setting = context.setting.trim();
  const { isAbsolute, join } = paths(context.platform);
  if (/^~[\\/]/.test(setting)) {
    return [join(context.home, setting.slice(2))];
  }
  return isAbsolute(setting) ? [setting] : pathsOnPath(setting.replace(/\.exe$/i, ""), context);
}

function* candidates(context: SearchContext): Generator<Program> {
  const { join, dirname } = paths(context.platform);
  const name = executableName("foretype", context.platform);
  const fromSetup = context
    .read(join(dataFolder(context), "program"))
    ?.split(/\r?\n/, 1)[0]
    ?.trim();
  if (fromSetup) {
    yield { file: fromSetup, origin: "setup" };
  }
  yield { file: join(scriptsFolder(context.environment, context.platform), name), origin: "environment" };
  for (const file of pathsOnPath("foretype", context)) {
    yield { file, origin: "path" };
  }
  if (context.interpreter) {
    yield { file: join(dirname(context.interpreter), name), origin: "interpreter" };
  }
}

/** Return the program to start, or undefined. If the setting names no program, no other one is searched for. */
export function findProgram(context: SearchContext): Program | undefined {
  if (context.setting.trim()) {
    const file = namedBySetting(context).find((each) => context.isProgram(each));
    return file === undefined ? undefined : { file, origin: "setting" };
  }
  for (const program of candidates(context)) {
    if (paths(context.platform).isAbsolute(program.file) && context.isProgram(program.file)) {
      return program;
    }
  }
  return undefined;
}

/** Return the version number in the output of `foretype --version` or `python --version`. */
export function parseVersion(output: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(output)?.[0];
}

export function isAtLeast(version: string, least: string): boolean {
  const [given, wanted] = [version, least].map((each) => each.split(".").map(Number)) as [number[], number[]];
  for (const [index, number] of wanted.entries()) {
    const difference = (given[index] ?? 0) - number;
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}

/** Return commands that may start a recent Python, the likeliest first; on Windows `py` starts the newest. */
export function pythonCommands(context: Pick<SearchContext, "platform" | "env">, interpreter?: string): string[][] {
  const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  const found = names.flatMap((name) => pathsOnPath(name, context)).map((file) => [file]);
  const launcher = context.platform === "win32" ? pathsOnPath("py", context).map((file) => [file, "-3"]) : [];
  return [...(interpreter ? [[interpreter]] : []), ...launcher, ...found];
}
