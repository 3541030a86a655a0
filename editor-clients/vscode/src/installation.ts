/** The server in a Python environment that is this extension's own. */
import * as vscode from "vscode";
import { OLDEST_PYTHON, executable, isAtLeast, pythons, scripts, versionIn } from "./program";
import { chosenInterpreter } from "./python";
import { RunError, run } from "./run";

const PACKAGE = "foretype";
/** Milliseconds that `python --version` may take. */
const VERSION_AWAITED = 10_000;

/** Makes the environment, or brings it up to date, with progress; false where it was cancelled. Raises what went wrong. */
export function install(environment: string, log: vscode.LogOutputChannel): Thenable<boolean> {
  const title = "Foretype: installing the server";
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, cancelled) => {
    const stopping = new AbortController();
    cancelled.onCancellationRequested(() => {
      stopping.abort();
    });
    try {
      progress.report({ message: "looking for Python" });
      const python = await newEnough();
      progress.report({ message: "making an environment" });
      // -P: what lies in the working directory, as it may in the workspace, is not imported.
      await logged([...python, "-P", "-m", "venv", "--clear", environment], log, stopping.signal);
      progress.report({ message: "installing, which takes a minute" });
      const inside = vscode.Uri.joinPath(
        vscode.Uri.file(scripts(environment, process.platform)),
        executable("python", process.platform),
      ).fsPath;
      const install = ["-P", "-m", "pip", "install", "--disable-pip-version-check", PACKAGE];
      await logged([inside, ...install], log, stopping.signal);
      return true;
    } catch (error) {
      if (stopping.signal.aborted) {
        return false;
      }
      throw error;
    }
  });
}

async function newEnough(): Promise<string[]> {
  for (const command of pythons({ platform: process.platform, env: process.env }, await chosenInterpreter())) {
    const version = await run([...command, "--version"], { timeout: VERSION_AWAITED }).then(versionIn, () => undefined);
    if (version !== undefined && isAtLeast(version, OLDEST_PYTHON)) {
      return command;
    }
  }
  throw new Error(`no Python ${OLDEST_PYTHON} or later was found on the PATH; install one, and try again`);
}

async function logged(command: string[], log: vscode.LogOutputChannel, signal: AbortSignal): Promise<void> {
  log.info(command.join(" "));
  try {
    log.info(await run(command, { signal }));
  } catch (error) {
    log.error(error instanceof RunError ? error.output : String(error));
    throw error;
  }
}
