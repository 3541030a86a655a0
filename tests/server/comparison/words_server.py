"""A small language server that completes the words of the open document, for tests: each option
makes it answer in another form that the protocol allows, or misbehave.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from typing import Any

UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""The codec of each position encoding, and the bytes of its unit."""


class WordsServer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.answers = options, 0
        self.codec, self.unit = UNITS[options.encoding]
        self.texts: dict[str, str] = {}

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        sys.stdout.buffer.flush()

    def run(self) -> None:
        while (message := read()) is not None and message.get("method") != "exit":
            if "method" not in message:
                assert "error" not in message, message
                continue
            result = self.handle(message["method"], message.get("params"))
            if "id" in message:
                self.send(id=message["id"], **result)

    def handle(self, method: str, params: Any) -> dict[str, Any]:
        if method == "initialize":
            return self.initialize()
        if method == "initialized" and self.options.demanding:
            self.demand()
        if method == "initialized" and self.options.warn:
            for kind, text in ((2, "the model is missing"), (3, "hello")):
                self.send(method="window/showMessage", params={"type": kind, "message": text})
        if method == "textDocument/didOpen":
            self.texts = {params["textDocument"]["uri"]: params["textDocument"]["text"]}
        if method == "textDocument/didChange":
            self.change(params["textDocument"]["uri"], params["contentChanges"])
        if method in {"textDocument/completion", "textDocument/inlineCompletion"}:
            return self.complete(method, params["textDocument"]["uri"], params["position"])
        return {"result": None}

    def initialize(self) -> dict[str, Any]:
        if self.options.mute:
            time.sleep(600)
        if self.options.refuse:
            return {"error": {"code": -32603, "message": "no licence"}}
        sync = 1 if self.options.full else 2
        capabilities = {
            "textDocumentSync": sync if self.options.full else {"change": sync},
            "positionEncoding": self.options.encoding,
            "completionProvider": None if self.options.silent else {},
            "inlineCompletionProvider": self.options.inline,
        }
        return {"result": {"capabilities": capabilities}}

    def demand(self) -> None:
        """Ask the client for everything that servers ask for."""
        inline = {"id": "1", "method": "textDocument/inlineCompletion"}
        for method, params in {
            "workspace/configuration": {"items": [{"section": "words"}, {}]},
            "client/registerCapability": {"registrations": [inline]},
            "window/workDoneProgress/create": {"token": 7},
            "workspace/workspaceFolders": None,
            "window/showMessageRequest": {"type": 3, "message": "hello", "actions": []},
            "workspace/applyEdit": {"edit": {}},
        }.items():
            self.send(id=f"from the server: {method}", method=method, params=params)
        for value in ({"kind": "begin", "title": "reading"}, {"kind": "end"}):
            self.send(method="$/progress", params={"token": 7, "value": value})
        print("a line that is no message", flush=True)
        os.write(2, b"a lot to say\n" * 20_000)

    def place(self, text: str, position: dict[str, int]) -> int:
        """Return the index of a position."""
        lines = text.split("\n")
        start = sum(len(line) + 1 for line in lines[: position["line"]])
        encoded = lines[position["line"]].encode(self.codec)
        return start + len(encoded[: self.unit * position["character"]].decode(self.codec))

    def change(self, uri: str, changes: list[dict[str, Any]]) -> None:
        for change in changes:
            text = self.texts[uri]
            first, last = (
                (self.place(text, change["range"][end]) for end in ("start", "end"))
                if "range" in change
                else (0, len(text))
            )
            assert self.options.full == ("range" not in change)
            self.texts[uri] = text[:first] + change["text"] + text[last:]

    def complete(self, method: str, uri: str, position: dict[str, int]) -> dict[str, Any]:
        self.answers += 1
        if self.answers == self.options.crash_after:
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(3)
        if self.options.hang_after and self.answers > self.options.hang_after:
            time.sleep(600)
        if self.options.fail_each and self.answers % self.options.fail_each == 0:
            return {"error": {"code": -32801, "message": "content modified"}}
        text = self.texts[uri]
        at = self.place(text, position)
        typed = re.search(r"\w*$", text[:at])[0]
        words = self.words(text[: at - len(typed)], text[at:], typed)
        if method.endswith("inlineCompletion"):
            return {"result": [{"insertText": word[len(typed) :]} for word in words[:1]]}
        start = {**position, "character": position["character"] - self.width(typed)}
        return {"result": shaped(self.options.shape, words, {"start": start, "end": position})}

    def width(self, text: str) -> int:
        return len(text.encode(self.codec)) // self.unit

    def words(self, before: str, after: str, typed: str) -> list[str]:
        """Return the words that go on with `typed`, most frequent first, then nearest first."""
        counts = Counter(re.findall(r"\w{2,}", f"{before} {after}"))
        found = [word for word in counts if typed and word.startswith(typed) and word != typed]
        return sorted(found, key=lambda word: (-counts[word], -before.rfind(word)))[:20]


def shaped(shape: str, words: list[str], span: dict[str, Any]) -> Any:
    """Return the answer with these words, in one of the protocol's forms, in no order."""
    items = [{"label": word, "sortText": f"{i:03}"} for i, word in enumerate(words)]
    items.reverse()
    both = {"insert": span, "replace": span}
    for item in items:
        word = item["label"]
        if shape == "edit":
            item |= {"label": f"• {word}", "filterText": word}
            item["textEdit"] = {"range": span, "newText": word}
        elif shape == "insert-replace":
            item["textEdit"] = {**both, "newText": word}
        elif shape == "defaults":
            item["textEditText"] = f"{word}$0"
        elif shape == "snippet":
            item |= {"insertText": f"${{1:{word}}}$0", "insertTextFormat": 2}
    if shape == "unfiltered":  # the client filters, as it does for most servers of languages
        strange = [{"label": f"{i} of another beginning", "sortText": "000"} for i in range(9)]
        return [*strange, None, {"label": None}, *items]
    defaults = {"editRange": both, "insertTextFormat": 2} if shape == "defaults" else {}
    listed = {"isIncomplete": True, "items": items, "itemDefaults": defaults}
    return items if shape == "plain" else listed


def read() -> Any:
    length = 0
    while (line := sys.stdin.buffer.readline()) not in {b"\r\n", b""}:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoding", choices=UNITS, default="utf-16")
    parser.add_argument("--shape", default="plain")
    for flag in ("full", "inline", "demanding", "mute", "refuse", "silent", "warn"):
        parser.add_argument(f"--{flag}", action="store_true")
    for number in ("crash-after", "hang-after", "fail-each"):
        parser.add_argument(f"--{number}", type=int, default=0)
    WordsServer(parser.parse_args()).run()


if __name__ == "__main__":
    main()
