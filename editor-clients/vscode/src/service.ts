/** The server: found, started, watched, and started again. */
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
import { SCHEMES, type Learning, type ServerState, type ServerStatus } from "./condition";
import { Counting } from "./counting";
import { Progress } from "./progress";
import { OLDEST_SERVER, findProgram, isAtLeast, surroundingsOf, versionIn, type Program } from "./program";
import { chosenInterpreter } from "./python";
import { Restarts } from "./restarts";
import { RunError, run } from "./run";
import { settingsMiddleware } from "./configuration";
import { Trouble, didNotStart, doesNotRun, keepsEnding, missing, tooOld } from "./trouble";

/** Milliseconds that `foretype --version` may take, on a busy machine. */
const VERSION_AWAITED = 30_000;
/** Milliseconds between questions to a server that is still loading. */
const LOADING_ASKED_EVERY = 500;
const MOST_RESTARTS = 3;
const RESTARTS_COUNTED_FOR = 180_000;

/** It shows nobody its own messages: what went wrong is said once, by `onTrouble`. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Service implements vscode.Disposable {
  state: ServerState = { kind: "starting" };
  status: ServerStatus | undefined;
  learning: Learning | undefined;
  program: Program | undefined;

  private readonly changed = new vscode.EventEmitter<void>();
  /** Something of what is told above is different now. */
  readonly onDidChange = this.changed.event;

  private client: LanguageClient | undefined;
  private readonly restarts = new Restarts(MOST_RESTARTS, RESTARTS_COUNTED_FOR);
  /** Between its first step and the server's first answer, a start says itself what went wrong. */
  private isBeginning = false;
  /** One start or stop after the other. */
  private turn: Promise<void> = Promise.resolve();

  /** `onTrouble` tells the user. `environment` is the folder of the environment that the extension makes. */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly storage: vscode.Uri,
    readonly environment: string,
    private readonly onTrouble: (trouble: Trouble) => void,
  ) {}

  /** Starts the server, anew where it runs. */
  restart(): Promise<void> {
    this.restarts.forget();
    return this.inTurn(() => this.startAnew());
  }

  /** Ends the server, for as long as `act` takes, and starts it again. */
  async without<T>(act: () => PromiseLike<T>): Promise<T> {
    await this.inTurn(() => this.end());
    try {
      return await act();
    } finally {
      await this.restart();
    }
  }

  /** What a command of the server's answers; raises where it cannot. */
  async execute<T>(command: string, argument?: object): Promise<T> {
    if (this.client?.state !== State.Running) {
      throw new Error("the server is not running");
    }
    const answer: unknown = await this.client.sendRequest(ExecuteCommandRequest.type, {
      command,
      arguments: argument === undefined ? [] : [argument],
    });
    return answer as T;
  }

  /** Asks the server how it is. */
  async ask(): Promise<void> {
    try {
      this.status = await this.execute<ServerStatus>("foretype.status");
    } catch {
      this.status = undefined;
    }
    this.changed.fire();
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.end());
  }

  dispose(): void {
    this.changed.dispose();
  }

  private inTurn(act: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(act, act);
    return this.turn;
  }

  private async startAnew(): Promise<void> {
    await this.end();
    this.become({ kind: "starting" });
    this.isBeginning = true;
    try {
      await this.begin();
    } catch (error) {
      this.fail(error instanceof Trouble ? error : didNotStart(messageOf(error)));
    } finally {
      this.isBeginning = false;
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.learning = undefined;
    this.status = undefined;
    if (client?.needsStop() === true) {
      await client.stop().catch((error: unknown) => {
        this.log.info(`stopping: ${messageOf(error)}`);
      });
    }
    await client?.dispose().catch(() => undefined);
  }

  private async begin(): Promise<void> {
    this.program = await this.find();
    this.log.info(`${this.program.file}, by ${this.program.origin}`);
    const version = await this.versionOf(this.program);
    mkdirSync(this.storage.fsPath, { recursive: true });
    // Not in the workspace, whose files would be taken for Python's modules.
    const executable = { command: this.program.file, args: ["serve"], options: { cwd: this.storage.fsPath } };
    const client = new QuietClient("foretype", "Foretype", executable, this.options());
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && this.client === client) {
        void this.awaitLoading(client, version);
      }
    });
    await client.start();
  }

  private async find(): Promise<Program> {
    const setting = vscode.workspace.getConfiguration("foretype").get("path", "");
    const program = findProgram({
      ...surroundingsOf(process.platform, process.env),
      setting,
      environment: this.environment,
      interpreter: await chosenInterpreter(),
      isProgram,
      read,
    });
    if (program === undefined) {
      throw missing(setting);
    }
    return program;
  }

  private async versionOf(program: Program): Promise<string> {
    let said: string;
    try {
      said = await run([program.file, "--version"], { timeout: VERSION_AWAITED });
    } catch (error) {
      this.log.error(error instanceof RunError ? error.output : messageOf(error));
      throw doesNotRun(program, messageOf(error));
    }
    const version = said.startsWith("foretype ") ? versionIn(said) : undefined;
    if (version === undefined || !isAtLeast(version, OLDEST_SERVER)) {
      throw tooOld(program, version);
    }
    return version;
  }

  private options(): LanguageClientOptions {
    const progress = new Progress(
      () => this.client,
      (learning) => {
        this.learning = learning;
        this.changed.fire();
      },
    );
    return {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The server is told no more than one thing that went wrong at its start; that is a Trouble.
      initializationFailedHandler: () => false,
      stdioOptions: {
        stdout: () => undefined,
        stderr: (stream) => {
          stream.on("data", (data: Buffer) => {
            this.log.info(data.toString().trimEnd());
          });
        },
      },
      middleware: {
        ...new Counting().middleware,
        ...progress.middleware,
        workspace: settingsMiddleware(() => this.client),
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(),
      },
    };
  }

  /** The server has ended by itself. It is started again from here: a client that does so gets stuck where that fails. */
  private closed(): CloseHandlerResult {
    this.learning = undefined;
    this.status = undefined;
    if (!this.isBeginning && this.restarts.mayRestart(Date.now())) {
      this.log.warn("the server has ended by itself, and is started again");
      void this.inTurn(() => this.startAnew());
    } else if (!this.isBeginning) {
      this.fail(keepsEnding(MOST_RESTARTS + 1));
    }
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  /** Until its models are loaded, a server answers, but offers nothing. */
  private async awaitLoading(client: LanguageClient, version: string): Promise<void> {
    const isAtWork = (): boolean => this.client === client && client.state === State.Running;
    while (isAtWork()) {
      await this.ask();
      if (isAtWork() && this.state.kind !== "running") {
        this.become({ kind: "running", version });
      }
      if (this.status?.loading !== true) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOADING_ASKED_EVERY));
    }
  }

  private fail(trouble: Trouble): void {
    this.log.error(trouble.message);
    this.become({ kind: "failed", why: trouble.message });
    this.onTrouble(trouble);
  }

  private become(state: ServerState): void {
    this.state = state;
    void vscode.commands.executeCommand("setContext", "foretype.running", state.kind === "running");
    this.changed.fire();
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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
