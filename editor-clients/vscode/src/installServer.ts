/** Installs or updates the server, from the wheel or the sources that this extension came with. */
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as vscode from "vscode";
import {
  PRINT_MISSING,
  PRINT_ORIGIN,
  installCommands,
  isWheel,
  parseOrigin,
  pipInstall,
  pythonBeside,
} from "./installation";
import type { Source } from "./installation";
import { OLDEST_PYTHON, executableName, isAtLeast, parseVersion, pythonCommands, scriptsFolder } from "./program";
import { activeInterpreter } from "./python";
import { RunError, run } from "./run";
import type { ServerManager } from "./serverManager";

/** Milliseconds that a short Python program may take, on a busy machine. */
const TIMEOUT = 30_000;
/** The key of the source in the global state. */
const SOURCE = "source";

interface SourceItem extends vscode.QuickPickItem {
  readonly choose: () => Thenable<Source | undefined>;
}

/** The installation of the server that is in use, or the extension's own environment. */
export class Installer {
  constructor(
    private readonly server: ServerManager,
    private readonly memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Install the server, or update the one in use. Throws RunError if a program fails. */
  async installServer(): Promise<void> {
    const inUse = this.pythonInUse();
    const source = await this.chooseSource(inUse);
    if (source === undefined) {
      return;
    }
    const isInstalled = await this.server.whileStopped(() =>
      this.withProgress("Foretype: installing the server", async (runStep) => {
        const python = inUse ?? (await this.createEnvironment(runStep));
        for (const command of installCommands(python, source)) {
          await runStep("installing, which takes a minute", command);
        }
      }),
    );
    if (isInstalled) {
      await this.memory.update(SOURCE, source);
    }
    if (isInstalled && this.server.state.kind === "running") {
      void vscode.window.showInformationMessage(
        `Foretype: server ${this.server.state.version} is installed. Open a file and type.`,
      );
    }
  }

  /** Offer to install the packages that a training needs. Return whether they are installed. */
  async ensureTraining(): Promise<boolean> {
    const python = this.pythonInUse();
    const missing = python === undefined ? [] : await missingForTraining(python);
    if (python === undefined || missing.length === 0) {
      return true; // or unknown, and the training will tell
    }
    const install = "Install PyTorch";
    const message = "Foretype: training needs PyTorch beside the server. It is a download of up to some gigabytes.";
    if ((await vscode.window.showInformationMessage(message, install)) !== install) {
      return false;
    }
    return this.withProgress("Foretype: installing PyTorch", (runStep) =>
      runStep("which takes some minutes", [...pipInstall(python), ...missing]),
    );
  }

  /** Return the interpreter of the server in use, or undefined without a server. */
  private pythonInUse(): string | undefined {
    const program = this.server.program?.file;
    if (program === undefined || !existsSync(program)) {
      return undefined;
    }
    const python = this.server.status?.python ?? pythonBeside(realpathSync(program), process.platform);
    if (!existsSync(python)) {
      throw new Error(`the Python of ${program} is not known; update the server as you have installed it`);
    }
    return python;
  }

  /** Ask for the wheel or the sources to install. */
  private async chooseSource(python: string | undefined): Promise<Source | undefined> {
    const known = [python && (await originOf(python)), this.memory.get<Source>(SOURCE)].find(
      (source): source is Source => typeof source === "object" && existsSync(source.path),
    );
    const items: SourceItem[] = [
      ...(known
        ? [{ label: "$(history) From where it came", detail: known.path, choose: () => Promise.resolve(known) }]
        : []),
      {
        label: "$(file-zip) Choose a wheel…",
        detail: "A file foretype-….whl",
        choose: () => choosePath({ canSelectFiles: true, filters: { Wheels: ["whl"] } }),
      },
      {
        label: "$(folder) Choose a folder of sources…",
        detail: "Foretype's folder, with pyproject.toml",
        choose: () => choosePath({ canSelectFolders: true, canSelectFiles: false }),
      },
    ];
    const options = {
      title: python === undefined ? "Install Foretype's server" : `Update Foretype's server (${python})`,
      placeHolder: "The wheel or the sources that this extension came with",
    };
    return (await vscode.window.showQuickPick(items, options))?.choose();
  }

  private async createEnvironment(runStep: RunStep): Promise<string> {
    const { environment } = this.server;
    const python = await findPython();
    await runStep("creating an environment", [...python, "-P", "-m", "venv", "--clear", environment]);
    const scripts = vscode.Uri.file(scriptsFolder(environment, process.platform));
    return vscode.Uri.joinPath(scripts, executableName("python", process.platform)).fsPath;
  }

  /** Show progress while `work` runs its steps. Return false if the user has cancelled it. */
  private withProgress(title: string, work: (runStep: RunStep) => Promise<void>): Thenable<boolean> {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return vscode.window.withProgress(options, async (progress, cancellation) => {
      const controller = new AbortController();
      cancellation.onCancellationRequested(() => {
        controller.abort();
      });
      try {
        await work(async (message, command) => {
          progress.report({ message });
          this.log.info(command.join(" "));
          this.log.info(await run(command, { signal: controller.signal }));
        });
        return true;
      } catch (error) {
        if (controller.signal.aborted) {
          return false;
        }
        this.log.error(error instanceof RunError ? error.output : String(error));
        throw error;
      }
    });
  }
}

type RunStep = (message: string, command: string[]) => Promise<void>;

async function originOf(python: string): Promise<Source | undefined> {
  const printing = run([python, "-P", "-c", PRINT_ORIGIN], { timeout: TIMEOUT });
  return printing.then(
    (output) => parseOrigin(output, fileURLToPath),
    () => undefined,
  );
}

async function missingForTraining(python: string): Promise<string[]> {
  const printing = run([python, "-P", "-c", PRINT_MISSING], { timeout: TIMEOUT });
  return printing.then(
    (output) => JSON.parse(output) as string[],
    () => [],
  );
}

async function choosePath(options: vscode.OpenDialogOptions): Promise<Source | undefined> {
  const [chosen] = (await vscode.window.showOpenDialog({ title: "Foretype", openLabel: "Install", ...options })) ?? [];
  if (chosen !== undefined && options.canSelectFiles === true && !isWheel(chosen.fsPath)) {
    throw new Error(`${chosen.fsPath} is no wheel: its name ends in .whl`);
  }
  return chosen && { path: chosen.fsPath, isEditable: false };
}

/** Return the command of a Python that is recent enough. */
async function findPython(): Promise<string[]> {
  const host = { platform: process.platform, env: process.env };
  for (const command of pythonCommands(host, await activeInterpreter())) {
    const running = run([...command, "--version"], { timeout: TIMEOUT });
    const version = await running.then(parseVersion, () => undefined);
    if (version !== undefined && isAtLeast(version, OLDEST_PYTHON)) {
      return command;
    }
  }
  throw new Error(`there is no Python ${OLDEST_PYTHON} or later on the PATH; install one and try again`);
}
