/** The pip commands that install the server. Independent of the VS Code API. */
import * as path from "node:path";
import { executableName } from "./program";

/** Prints where pip has installed the package from (PEP 610), or nothing. */
export const PRINT_ORIGIN =
  "import importlib.metadata as m; print(m.distribution('foretype').read_text('direct_url.json') or '')";

/** Prints the requirements of a training that are not installed, as JSON. */
export const PRINT_MISSING = `
import importlib.metadata, importlib.util, json, re
def found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
needed = [one.split(";") for one in importlib.metadata.requires("foretype") or [] if re.search("extra == .train", one)]
print(json.dumps([one[0].strip() for one in needed if not found(re.match(r"[\\w.]+", one[0])[0])]))
`;

/** A wheel, or a folder of sources. */
export interface Source {
  readonly path: string;
  /** Whether the installation follows changes of the folder. */
  readonly isEditable: boolean;
}

/** Parse the output of PRINT_ORIGIN; return undefined for an installation that came from no path. */
export function parseOrigin(output: string, toPath: (url: string) => string): Source | undefined {
  try {
    const origin = JSON.parse(output) as { url?: unknown; dir_info?: { editable?: unknown } };
    if (typeof origin.url !== "string" || !origin.url.startsWith("file:")) {
      return undefined;
    }
    return { path: toPath(origin.url), isEditable: origin.dir_info?.editable === true };
  } catch {
    return undefined;
  }
}

/** Return the interpreter in the folder of an installed program, whose links are resolved. */
export function pythonBeside(program: string, platform: NodeJS.Platform): string {
  const { dirname, join } = platform === "win32" ? path.win32 : path.posix;
  return join(dirname(program), executableName("python", platform));
}

/** Return the commands that install `source`; never by the package's name, which others may register. */
export function installCommands(python: string, { path: source, isEditable }: Source): string[][] {
  const install = pipInstall(python);
  if (isWheel(source)) {
    // pip keeps an installed version; the second command replaces it by the same version of the wheel.
    return [
      [...install, "--upgrade", source],
      [...install, "--force-reinstall", "--no-deps", source],
    ];
  }
  return [[...install, "--upgrade", ...(isEditable ? ["--editable"] : []), source]];
}

/** Return the command that installs packages, without importing anything from the working directory. */
export function pipInstall(python: string): string[] {
  return [python, "-P", "-m", "pip", "install", "--disable-pip-version-check"];
}

export function isWheel(source: string): boolean {
  return source.endsWith(".whl");
}
