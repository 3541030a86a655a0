/** Pauses the suggestions of this window for some minutes. */
import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";

/** Milliseconds of a pause. */
const DURATION = 5 * 60_000;

export class Snooze implements vscode.Disposable {
  /** The time at which the pause ends; undefined while there is none. */
  end: Date | undefined;
  private readonly changeEmitter = new vscode.EventEmitter<void>();
  /** Fires when a pause begins or ends. */
  readonly onDidChange = this.changeEmitter.event;
  private timer: NodeJS.Timeout | undefined;

  /** Begin a pause, or end the present one. */
  toggle(): void {
    clearTimeout(this.timer);
    this.end = this.end === undefined ? new Date(Date.now() + DURATION) : undefined;
    this.timer =
      this.end &&
      setTimeout(() => {
        this.toggle();
      }, DURATION);
    this.changeEmitter.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changeEmitter.dispose();
  }
}

/**
 * Requests no suggestion during a pause, except for ghost text that the user asks for. `onAnswered` is called after each
 * answer.
 */
export function offersMiddleware(snooze: Snooze, onAnswered: () => void): Middleware {
  return {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      if (snooze.end !== undefined && context.triggerKind === vscode.InlineCompletionTriggerKind.Automatic) {
        return null;
      }
      const items = await next(document, position, context, token);
      onAnswered();
      return items;
    },
    provideCompletionItem: async (document, position, context, token, next) => {
      if (snooze.end !== undefined) {
        return null;
      }
      const items = await next(document, position, context, token);
      onAnswered();
      return items;
    },
  };
}
