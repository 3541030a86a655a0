import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptanceMiddleware } from "../src/acceptanceMiddleware";

const accepted: string[] = [];
const middleware = acceptanceMiddleware((uri) => accepted.push(uri));

/** Return the arguments with which a command reaches the server. */
function sent(command: string, argument: object): unknown {
  return middleware.executeCommand?.(command, [argument], (_, args: unknown[]) => args[0]);
}

test("accepted suggestions are reported as whole", () => {
  const argument = { kind: "ghost", characters: 6, uri: "file:///notes.txt" };
  assert.deepEqual(sent("foretype.accepted", argument), { ...argument, whole: true });
  assert.deepEqual(accepted, ["file:///notes.txt"]);
});

test("other commands reach the server unchanged", () => {
  assert.deepEqual(sent("foretype.forget", { word: "hello" }), { word: "hello" });
});
