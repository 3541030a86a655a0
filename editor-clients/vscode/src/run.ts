/** Runs programs to their end. */
import { execFile } from "node:child_process";

/** A program that could not be started or has failed; the message is the last line of its output. */
export class RunError extends Error {
  constructor(
    message: string,
    readonly output: string,
  ) {
    super(message);
  }
}

export interface RunOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
}

/** Return the standard output of the program. Throws RunError. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { ...options, encoding: "utf8", maxBuffer: 64e6, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else {
          reject(new RunError(lastLine(stderr) ?? lastLine(stdout) ?? error.message, `${stdout}${stderr}`));
        }
      },
    );
  });
}

function lastLine(text: string): string | undefined {
  const last = text.trim().split(/\r?\n/).at(-1)?.trim();
  return last === "" ? undefined : last;
}
