/** Reports accepted suggestions to the server, whose edits show the rest: parts, and the characters typed before. */
import type { Middleware } from "vscode-languageclient/node";

const ACCEPTED = "foretype.accepted";

/** The argument of the command: the document of the suggestion, among others. */
interface Acceptance {
  readonly uri: string;
}

/** Wait for a report. If the server has ended, the report is lost: the user has done nothing wrong. */
async function report(sent: unknown): Promise<void> {
  await Promise.resolve(sent).catch(() => undefined);
}

/**
 * Marks the server's command `foretype.accepted` with `whole`: VS Code runs it when a whole item was accepted, with the
 * characters of all of it, and runs nothing when a word or a line of ghost text was accepted. `onAccepted` is called
 * with the document's URI.
 */
export function acceptanceMiddleware(onAccepted: (uri: string) => void): Middleware {
  return {
    executeCommand: (command, args: Acceptance[], next): unknown => {
      if (command !== ACCEPTED) {
        return next(command, args);
      }
      for (const { uri } of args) {
        onAccepted(uri);
      }
      return report(
        next(
          command,
          args.map((argument) => ({ ...argument, whole: true })),
        ),
      );
    },
  };
}
