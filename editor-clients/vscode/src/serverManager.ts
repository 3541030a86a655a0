/** Finds, starts, watches and restarts the server. */
import { accessSync, constants, mkdirSync, readFileSync, statSync } from "node:fs";
import * as vscode from "vscode";
import {
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import { acceptanceMiddleware } from "./acceptanceMiddleware";
import { messageOf } from "./errors";
import { OLDEST_SERVER, findProgram, hostContext, isAtLeast, parseVersion, type Program } from "./program";
import { ProgressMiddleware } from "./progressMiddleware";
import { activeInterpreter } from "./python";
import { RestartLimiter } from "./restartLimiter";
import { RunError, run } from "./run";
import { settingsMiddleware } from "./settingsMiddleware";
import { SmartSpace } from "./smartSpace";
import { Snooze, offersMiddleware } from "./snooze";
import { StartError, endsRepeatedly, programFails, programMissing, programTooOld, startFailed } from "./startError";
import { SCHEMES, type AcceptedCounts, type Activity, type ServerState, type ServerStatus, sumOf } from "./status";
import { StatusRefresher } from "./statusRefresher";

/** Milliseconds that `foretype --version` may take, on a busy machine. */
const VERSION_TIMEOUT = 30_000;
/** Milliseconds between status requests while the server loads its models. */
const LOADING_POLL_INTERVAL = 500;
/** Milliseconds that the last output of a server that has ended may take. */
const OUTPUT_TIMEOUT = 2_000;
const MAX_RESTARTS = 3;
/** Milliseconds. */
const RESTART_PERIOD = 180_000;

/** A client that shows no message of its own: `onError` shows each error once. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class ServerManager implements vscode.Disposable {
  state: ServerState = { kind: "starting" };
  status: ServerStatus | undefined;
  activity: Activity | undefined;
  program: Program | undefined;

  private readonly changeEmitter = new vscode.EventEmitter<void>();
  /** Fires after a change of the fields above. */
  readonly onDidChange = this.changeEmitter.event;

  private client: LanguageClient | undefined;
  readonly snooze = new Snooze();
  private readonly smartSpace = new SmartSpace();
  private readonly refresher = new StatusRefresher(() => this.refreshStatus());
  /** The counts of the servers that have run in this window before. */
  private acceptedBefore: AcceptedCounts = {};
  /** The last line that the server wrote to its standard error, which may be the reason for its end. */
  private lastLine = "";
  private readonly restartLimiter = new RestartLimiter(MAX_RESTARTS, RESTART_PERIOD);
  /** Resolves at the end of the server's standard error. */
  private outputEnd: Promise<void> = Promise.resolve();
  /** Whether the present server has started; before, the start itself reports its end. */
  private hasStarted = false;
  /** Starts and stops run one after the other. */
  private queue: Promise<void> = Promise.resolve();

  /** `environment` is the folder of the extension's virtual environment. `onError` shows an error to the user. */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly storage: vscode.Uri,
    readonly environment: string,
    private readonly onError: (error: StartError) => void,
  ) {}

  /** Start the server; restart it if it runs. */
  restart(): Promise<void> {
    this.restartLimiter.reset();
    return this.enqueue(() => this.startNow());
  }

  /** Run `action` while the server is stopped, and start it afterwards. */
  async whileStopped<T>(action: () => PromiseLike<T>): Promise<T> {
    await this.stop();
    try {
      return await action();
    } finally {
      await this.restart();
    }
  }

  /** Run a command of the server and return its result. Throws if the server does not run or answers an error. */
  async execute<T>(command: string, argument?: object): Promise<T> {
    if (this.client?.state !== State.Running) {
      throw new Error("the server is not running");
    }
    const result: unknown = await this.client.sendRequest(ExecuteCommandRequest.type, {
      command,
      arguments: argument === undefined ? [] : [argument],
    });
    return result as T;
  }

  /** Request the server's status, with the model of the active document. */
  async refreshStatus(): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri.toString();
    try {
      const status = await this.execute<ServerStatus>("foretype.status", uri === undefined ? undefined : { uri });
      this.status = { ...status, accepted: sumOf(this.acceptedBefore, status.accepted) };
    } catch {
      this.forgetStatus();
    }
    const { ghost = 0, word = 0, character = 0 } = this.status?.accepted ?? this.acceptedBefore;
    void vscode.commands.executeCommand("setContext", "foretype.ghostTextAccepted", ghost > 0);
    void vscode.commands.executeCommand("setContext", "foretype.menuItemAccepted", word + character > 0);
    this.changeEmitter.fire();
  }

  /** Request the server's status once the user pauses. */
  scheduleRefresh(): void {
    this.refresher.schedule();
  }

  /** Drop the status of a server that has ended, but for its counts. */
  private forgetStatus(): void {
    this.acceptedBefore = this.status?.accepted ?? this.acceptedBefore;
    this.status = undefined;
  }

  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow());
  }

  dispose(): void {
    this.changeEmitter.dispose();
    this.smartSpace.dispose();
    this.snooze.dispose();
    this.refresher.dispose();
  }

  private enqueue(action: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(action, action);
    return this.queue;
  }

  private async startNow(): Promise<void> {
    await this.stopNow();
    this.setState({ kind: "starting" });
    this.hasStarted = false;
    try {
      await this.launch();
    } catch (error) {
      await Promise.race([this.outputEnd, new Promise((resolve) => setTimeout(resolve, OUTPUT_TIMEOUT))]);
      this.fail(error instanceof StartError ? error : startFailed(this.lastLine || messageOf(error)));
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.activity = undefined;
    this.forgetStatus();
    if (client?.needsStop() === true) {
      await client.stop().catch((error: unknown) => {
        this.log.info(`stopping: ${messageOf(error)}`);
      });
    }
    await client?.dispose().catch(() => undefined);
  }

  private async launch(): Promise<void> {
    this.program = await this.findServer();
    this.log.info(`program: ${this.program.file} (found by: ${this.program.origin})`);
    const version = await this.checkVersion(this.program);
    mkdirSync(this.storage.fsPath, { recursive: true });
    // Not in the workspace, whose files Python would import as modules.
    const executable = { command: this.program.file, args: ["serve"], options: { cwd: this.storage.fsPath } };
    const client = new QuietClient("foretype", "Foretype", executable, this.clientOptions());
    this.client = client;
    this.lastLine = "";
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && this.client === client) {
        void this.pollUntilLoaded(client, version);
      }
    });
    await client.start();
    this.hasStarted = true;
  }

  private async findServer(): Promise<Program> {
    const setting = vscode.workspace.getConfiguration("foretype").get("path", "");
    const program = findProgram({
      ...hostContext(process.platform, process.env),
      setting,
      environment: this.environment,
      interpreter: await activeInterpreter(),
      isProgram,
      read,
    });
    if (program === undefined) {
      throw programMissing(setting);
    }
    return program;
  }

  /** Return the version of the program. Throws StartError if it does not run or is too old. */
  private async checkVersion(program: Program): Promise<string> {
    let output: string;
    try {
      output = await run([program.file, "--version"], { timeout: VERSION_TIMEOUT });
    } catch (error) {
      this.log.error(error instanceof RunError ? error.output : messageOf(error));
      throw programFails(program, messageOf(error));
    }
    const version = output.startsWith("foretype ") ? parseVersion(output) : undefined;
    if (version === undefined || !isAtLeast(version, OLDEST_SERVER)) {
      throw programTooOld(program, version);
    }
    return version;
  }

  private clientOptions(): LanguageClientOptions {
    const progress = new ProgressMiddleware(
      () => this.client,
      (activity) => {
        this.activity = activity;
        this.changeEmitter.fire();
        this.scheduleRefresh(); // a training may have changed the model
      },
    );
    return {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      // VS Code replaces the text in an item's range, after the cursor too.
      initializationOptions: {
        replaceAfterCursor: true,
        smartSpace: vscode.workspace.getConfiguration("foretype").get("smartSpace", true),
      },
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Do not retry: the failure is shown as a StartError.
      initializationFailedHandler: () => false,
      stdioOptions: {
        stdout: () => undefined,
        stderr: (stream) => {
          stream.on("data", (data: Buffer) => {
            const output = data.toString().trimEnd();
            this.log.info(output);
            this.lastLine = output.split("\n").at(-1) ?? "";
          });
          this.outputEnd = new Promise((resolve) => {
            stream.on("close", resolve);
          });
        },
      },
      middleware: {
        ...acceptanceMiddleware((uri) => {
          this.smartSpace.onAccepted(uri);
          this.scheduleRefresh();
        }),
        ...offersMiddleware(this.snooze, () => {
          this.scheduleRefresh();
        }),
        ...progress.middleware,
        workspace: settingsMiddleware(() => this.client),
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.onClosed(),
      },
    };
  }

  /** Restart a server that has ended unexpectedly. Not by the client, which hangs if the restart fails. */
  private onClosed(): CloseHandlerResult {
    this.activity = undefined;
    this.forgetStatus();
    if (this.hasStarted && this.restartLimiter.mayRestart(Date.now())) {
      this.log.warn("the server has ended unexpectedly, and is restarted");
      void this.enqueue(() => this.startNow());
    } else if (this.hasStarted) {
      this.fail(endsRepeatedly(MAX_RESTARTS + 1));
    }
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  /** Refresh the status until the models are loaded: before that, the server answers without suggestions. */
  private async pollUntilLoaded(client: LanguageClient, version: string): Promise<void> {
    const isCurrent = (): boolean => this.client === client && client.state === State.Running;
    while (isCurrent()) {
      await this.refreshStatus();
      if (isCurrent() && this.state.kind !== "running") {
        this.setState({ kind: "running", version });
      }
      if (this.status?.loading !== true) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOADING_POLL_INTERVAL));
    }
  }

  private fail(error: StartError): void {
    this.log.error(error.message);
    this.setState({ kind: "failed", reason: error.message });
    this.onError(error);
  }

  private setState(state: ServerState): void {
    this.state = state;
    void vscode.commands.executeCommand("setContext", "foretype.running", state.kind === "running");
    this.changeEmitter.fire();
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
