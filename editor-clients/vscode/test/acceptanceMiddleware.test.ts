import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptanceMiddleware } from "../src/acceptanceMiddleware";

const accepted: string[] = [];
const middleware = acceptanceMiddleware((uri) => accepted.push(uri));

/** Return the arguments with which a command reaches the server. */
function sent(command: string, argument: object): unknown {
  let received: unknown;
  void middleware.executeCommand?.(command, [argument], (_, args: unknown[]) => {
    received = args[0];
  });
  return received;
}

const ARGUMENT = { kind: "ghost", characters: 6, uri: "file:///notes.txt" };

test("accepted suggestions are reported as whole", () => {
  assert.deepEqual(sent("foretype.accepted", ARGUMENT), { ...ARGUMENT, whole: true });
  assert.deepEqual(accepted, ["file:///notes.txt"]);
});

test("a lost report is no error", async () => {
  await middleware.executeCommand?.("foretype.accepted", [ARGUMENT], () => Promise.reject(new Error("disposed")));
});

test("other commands reach the server unchanged", () => {
  assert.deepEqual(sent("foretype.forget", { word: "hello" }), { word: "hello" });
});
