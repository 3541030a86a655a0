/** The messages of errors. */
import { ConnectionError, ErrorCodes, ResponseError } from "vscode-languageclient/node";

const CONNECTION_LOST: ReadonlySet<number> = new Set([
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);

export function messageOf(error: unknown): string {
  if (isConnectionLost(error)) {
    return "the server has ended";
  }
  return error instanceof Error ? error.message : String(error);
}

/** Return whether a request failed because the server has ended. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ResponseError && CONNECTION_LOST.has(error.code));
}
