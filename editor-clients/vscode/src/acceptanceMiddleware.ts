/** Reports accepted suggestions to the server, whose edits show the rest: parts, and the characters typed before. */
import type { Middleware } from "vscode-languageclient/node";

const ACCEPTED = "foretype.accepted";

/**
 * Marks the server's command `foretype.accepted` with `whole`: VS Code runs it when a whole item was accepted, with the
 * characters of all of it, and runs nothing when a word or a line of ghost text was accepted.
 */
export const acceptanceMiddleware: Middleware = {
  executeCommand: (command, args, next): unknown =>
    next(command, command === ACCEPTED ? args.map((argument: object) => ({ ...argument, whole: true })) : args),
};
