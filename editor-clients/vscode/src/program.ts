/** Where the server's program is. Nothing here knows VS Code. */
import { homedir } from "node:os";
import * as path from "node:path";

/** The oldest server that this extension understands. */
export const OLDEST_SERVER = "0.1.0";
export const OLDEST_PYTHON = "3.11";

export type Origin = "setting" | "setup" | "environment" | "path" | "interpreter";

export interface Program {
  readonly file: string;
  readonly origin: Origin;
}

/** What the search goes by. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** The setting `foretype.path`; empty where it is not set. */
  readonly setting: string;
  /** The folder of the environment that the extension has made, or would make. */
  readonly environment: string;
  /** Python as the Python extension has it chosen; only in a workspace that is trusted. */
  readonly interpreter?: string | undefined;
  isProgram(file: string): boolean;
  /** A file's text, or nothing. */
  read(file: string): string | undefined;
}

export function surroundingsOf(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Pick<Surroundings, "platform" | "env" | "home"> {
  return { platform, env, home: homedir() };
}

function paths(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}

/** Where the server keeps what is the user's, as Python's platformdirs has it. */
export function dataFolder({ platform, env, home }: Pick<Surroundings, "platform" | "env" | "home">): string {
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

/** The folder of programs of a Python environment. */
export function scripts(environment: string, platform: NodeJS.Platform): string {
  return paths(platform).join(environment, platform === "win32" ? "Scripts" : "bin");
}

export function executable(name: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? `${name}.exe` : name;
}

/** The full paths that a name has on the PATH. Relative folders are left out: what they are is up to the workspace. */
export function onPath(name: string, around: Pick<Surroundings, "platform" | "env">): string[] {
  const { join, isAbsolute, delimiter } = paths(around.platform);
  const folders = (around.env.PATH ?? around.env.Path ?? "").split(delimiter);
  return folders.filter(isAbsolute).map((folder) => join(folder, executable(name, around.platform)));
}

/** The program as the setting has it: a path, in which `~` is the home folder, or a name on the PATH. */
function named(around: Surroundings): string[] {
  const setting = around.setting.trim();
  const { isAbsolute, join } = paths(around.platform);
  if (/^~[\\/]/.test(setting)) {
    return [join(around.home, setting.slice(2))];
  }
  return isAbsolute(setting) ? [setting] : onPath(setting.replace(/\.exe$/i, ""), around);
}

function* candidates(around: Surroundings): Generator<Program> {
  const { join, dirname } = paths(around.platform);
  const name = executable("foretype", around.platform);
  const told = around
    .read(join(dataFolder(around), "program"))
    ?.split(/\r?\n/, 1)[0]
    ?.trim();
  if (told) {
    yield { file: told, origin: "setup" };
  }
  yield { file: join(scripts(around.environment, around.platform), name), origin: "environment" };
  for (const file of onPath("foretype", around)) {
    yield { file, origin: "path" };
  }
  if (around.interpreter) {
    yield { file: join(dirname(around.interpreter), name), origin: "interpreter" };
  }
}

/** The program to start, if there is one. A setting that leads nowhere is not passed over in silence: then there is none. */
export function findProgram(around: Surroundings): Program | undefined {
  if (around.setting.trim()) {
    const file = named(around).find((each) => around.isProgram(each));
    return file === undefined ? undefined : { file, origin: "setting" };
  }
  for (const program of candidates(around)) {
    if (paths(around.platform).isAbsolute(program.file) && around.isProgram(program.file)) {
      return program;
    }
  }
  return undefined;
}

/** The numbers in what `foretype --version` or `python --version` says. */
export function versionIn(said: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(said)?.[0];
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

/** Commands that may be a Python new enough, the likeliest first; on Windows `py` knows them all. */
export function pythons(around: Pick<Surroundings, "platform" | "env">, interpreter?: string): string[][] {
  const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  const found = names.flatMap((name) => onPath(name, around)).map((file) => [file]);
  const launcher = around.platform === "win32" ? onPath("py", around).map((file) => [file, "-3"]) : [];
  return [...(interpreter ? [[interpreter]] : []), ...launcher, ...found];
}
