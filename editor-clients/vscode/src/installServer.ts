/** Installs the server into a Python virtual environment of this extension. */
import * as vscode from "vscode";
import { OLDEST_PYTHON, executableName, isAtLeast, parseVersion, pythonCommands, scriptsFolder } from "./program";
import { activeInterpreter } from "./python";
import { RunError, run } from "./run";

const PACKAGE = "foretype";
/** Milliseconds that `python --version` may take. */
const VERSION_TIMEOUT = 10_000;

/**
 * Create the environment, or update it, and show progress. Return false if the user has cancelled. Throws RunError if a
 * program fails, and Error if there is no suitable Python.
 */
export function installServer(environment: string, log: vscode.LogOutputChannel): Thenable<boolean> {
  const title = "Foretype: installing the server";
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, cancellation) => {
    const controller = new AbortController();
    cancellation.onCancellationRequested(() => {
      controller.abort();
    });
    try {
      progress.report({ message: "looking for Python" });
      const python = await findPython();
      progress.report({ message: "creating an environment" });
      // -P: import nothing from the working directory, which may be the workspace.
      await runLogged([...python, "-P", "-m", "venv", "--clear", environment], log, controller.signal);
      progress.report({ message: "installing, which takes a minute" });
      const inside = vscode.Uri.joinPath(
        vscode.Uri.file(scriptsFolder(environment, process.platform)),
        executableName("python", process.platform),
      ).fsPath;
      const install = ["-P", "-m", "pip", "install", "--disable-pip-version-check", PACKAGE];
      await runLogged([inside, ...install], log, controller.signal);
      return true;
    } catch (error) {
      if (controller.signal.aborted) {
        return false;
      }
      throw error;
    }
  });
}

/** Return the command of a Python that is recent enough. */
async function findPython(): Promise<string[]> {
  const host = { platform: process.platform, env: process.env };
  for (const command of pythonCommands(host, await activeInterpreter())) {
    const running = run([...command, "--version"], { timeout: VERSION_TIMEOUT });
    const version = await running.then(parseVersion, () => undefined);
    if (version !== undefined && isAtLeast(version, OLDEST_PYTHON)) {
      return command;
    }
  }
  throw new Error(`there is no Python ${OLDEST_PYTHON} or later on the PATH; install one and try again`);
}

async function runLogged(command: string[], log: vscode.LogOutputChannel, signal: AbortSignal): Promise<void> {
  log.info(command.join(" "));
  try {
    log.info(await run(command, { signal }));
  } catch (error) {
    log.error(error instanceof RunError ? error.output : String(error));
    throw error;
  }
}
