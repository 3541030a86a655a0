/** How far the server is with what takes long: in the status bar, and for a training as a notification to cancel it by. */
import * as vscode from "vscode";
import {
  type LanguageClient,
  type Middleware,
  type ProgressToken,
  type WorkDoneProgressBegin,
  WorkDoneProgressCancelNotification,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { learningOf, type Learning } from "./condition";

interface Shown {
  readonly what: Learning["what"];
  /** Of 100, as the notification has it. */
  percent: number;
  report: (message: string | undefined, increment: number) => void;
  end: () => void;
}

export class Progress {
  private readonly shown = new Map<ProgressToken, Shown>();

  constructor(
    private readonly client: () => LanguageClient | undefined,
    private readonly onChange: (learning: Learning | undefined) => void,
  ) {}

  readonly middleware: Middleware = {
    handleWorkDoneProgress: (token, params, next) => {
      const shown = this.shown.get(token);
      if (params.kind === "begin" && learningOf(params.title) !== undefined) {
        this.begin(token, params);
      } else if (params.kind === "report" && shown !== undefined) {
        this.report(shown, params);
      } else {
        shown?.end();
        this.shown.delete(token);
        next(token, params);
      }
      this.tell();
    },
  };

  private begin(token: ProgressToken, { title, cancellable }: WorkDoneProgressBegin): void {
    const what = learningOf(title) ?? "reading";
    const shown: Shown = { what, percent: 0, report: () => undefined, end: () => undefined };
    this.shown.set(token, shown);
    if (cancellable !== true) {
      return;
    }
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => {
        void this.client()?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
      });
      shown.report = (message, increment) => {
        progress.report({ increment, ...(message === undefined ? {} : { message }) });
      };
      return new Promise<void>((resolve) => {
        shown.end = resolve;
      });
    });
  }

  private report(shown: Shown, { message, percentage }: WorkDoneProgressReport): void {
    const percent = Math.max(shown.percent, percentage ?? 0);
    shown.report(message, percent - shown.percent);
    shown.percent = percent;
  }

  /** A training is told of first. */
  private tell(): void {
    const all = [...this.shown.values()];
    const first = all.find((shown) => shown.what === "training") ?? all[0];
    this.onChange(first && { what: first.what, percent: first.percent });
  }
}
