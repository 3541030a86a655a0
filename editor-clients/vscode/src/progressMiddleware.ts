/** The server's progress: in the status bar, and for a training also as a notification with a cancel button. */
import * as vscode from "vscode";
import {
  type LanguageClient,
  type Middleware,
  type ProgressToken,
  type WorkDoneProgressBegin,
  WorkDoneProgressCancelNotification,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { activityKind, type Activity } from "./status";

/** An operation in progress. */
interface Operation {
  readonly kind: Activity["kind"];
  /** Percentage that the notification shows, 0 to 100. */
  percent: number;
  report: (message: string | undefined, increment: number) => void;
  end: () => void;
}

export class ProgressMiddleware {
  private readonly operations = new Map<ProgressToken, Operation>();

  constructor(
    private readonly client: () => LanguageClient | undefined,
    private readonly onChange: (activity: Activity | undefined) => void,
  ) {}

  readonly middleware: Middleware = {
    handleWorkDoneProgress: (token, params, next) => {
      const operation = this.operations.get(token);
      if (params.kind === "begin" && activityKind(params.title) !== undefined) {
        this.begin(token, params);
      } else if (params.kind === "report" && operation !== undefined) {
        this.report(operation, params);
      } else {
        operation?.end();
        this.operations.delete(token);
        next(token, params);
      }
      this.notify();
    },
  };

  private begin(token: ProgressToken, { title, cancellable }: WorkDoneProgressBegin): void {
    const kind = activityKind(title) ?? "indexing";
    const operation: Operation = { kind, percent: 0, report: () => undefined, end: () => undefined };
    this.operations.set(token, operation);
    if (cancellable !== true) {
      return;
    }
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable };
    void vscode.window.withProgress(options, (progress, cancellation) => {
      cancellation.onCancellationRequested(() => {
        void this.client()?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
      });
      operation.report = (message, increment) => {
        progress.report({ increment, ...(message === undefined ? {} : { message }) });
      };
      return new Promise<void>((resolve) => {
        operation.end = resolve;
      });
    });
  }

  private report(operation: Operation, { message, percentage }: WorkDoneProgressReport): void {
    const percent = Math.max(operation.percent, percentage ?? 0);
    operation.report(message, percent - operation.percent);
    operation.percent = percent;
  }

  /** Report one activity to `onChange`: a training, if any, else the oldest. */
  private notify(): void {
    const operations = [...this.operations.values()];
    const first = operations.find((operation) => operation.kind === "training") ?? operations[0];
    this.onChange(first && { kind: first.kind, percent: first.percent });
  }
}
