"""A session in which a different text could reach a log in each known way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.client import SERVE, Client, change, inline_completion_params, insertion, server

MARK = "xyzzy"
TEXT = f"{MARK}document opens the door\n"
URI = f"file:///{MARK}name/a.txt"

PLUGIN = '''
import logging, threading, warnings
from foretype_model.predictor import Removed
from foretype_model.predictors.scripted import ScriptedPredictor

class Leaking(ScriptedPredictor):
    """Raise or warn with the given text, in the method `where`."""

    def __init__(self, text, where):
        super().__init__([text])
        self.text, self.where = text, where

    def fail_in(self, where):
        if where == self.where:
            raise ValueError(f"cannot read {self.text!r}")

    def start(self):
        self.fail_in("start")
        return super().start()

    def feed(self, state, text):
        self.fail_in("feed")
        if self.where == "logs":
            logging.getLogger("plugin").error("read %s", self.text)
            logging.getLogger("foretype").error("read " + self.text)
            warnings.warn(self.text)
        if self.where == "thread":
            threading.Thread(target=self.fail_in, args=("thread",)).start()
        if self.where == "collected":
            Collected(self.text)
        return super().feed(state, text)

    def step(self, states, following):
        self.fail_in("step")
        return super().step(states, following)

    def predict(self, states):
        self.fail_in("predict")
        return super().predict(states)

    def sources(self, state, text, limit):
        self.fail_in("sources")
        return []

    def save(self):
        self.fail_in("save")

    def learn(self, state, following):
        self.fail_in("learn")

    def observe(self, uri, before, after):
        self.fail_in("observe")

    def refresh(self, progress):
        self.fail_in("refresh")

    def update(self, paths):
        pass

    def close(self):
        pass

    def forget(self, path, word):
        self.fail_in("forget")
        return Removed()

class Collected:
    def __init__(self, text):
        self.text = text

    def __del__(self):
        raise RuntimeError(self.text)

def leaking(where):
    def create(config):
        if where == "made":
            raise RuntimeError(config.options["text"])
        return Leaking(config.options["text"], where)
    return create
'''
WHERE = (
    "made",
    "start",
    "feed",
    "step",
    "predict",
    "sources",
    "save",
    "learn",
    "observe",
    "refresh",
    "forget",
    "logs",
    "thread",
    "collected",
)


def called(command: str, *arguments: Any) -> dict[str, Any]:
    """Return a request to execute `command`."""
    return {
        "id": 0,
        "method": "workspace/executeCommand",
        "params": {"command": command, "arguments": arguments},
    }


def request(method: str, params: Any) -> dict[str, Any]:
    """Return a request."""
    return {"id": 0, "method": method, "params": params}


def notification(method: str, params: Any) -> dict[str, Any]:
    """Return a notification."""
    return {"method": method, "params": params}


BROKEN: dict[str, Callable[[str], Any]] = {
    "a text": lambda text: text,
    "a list": lambda text: [text],
    "no method": lambda text: {"id": 1, "params": text},
    "another method": lambda text: {"id": 1, "method": text, "params": {}},
    "another notification": lambda text: notification(text, {}),
    "params that are no object": lambda text: request("textDocument/completion", text),
    "params of another kind": lambda text: request(
        "textDocument/inlineCompletion", {"textDocument": {"uri": text}}
    ),
    "half a character": lambda text: request("textDocument/completion", {text: "\ud800"}),
    "an item of another server": lambda text: request(
        "completionItem/resolve", {"label": text, "data": text}
    ),
    "a document without a version": lambda text: notification(
        "textDocument/didOpen", {"textDocument": {"text": text}}
    ),
    "an edit of nothing": lambda text: change(text, 2, {"text": text}),
    "a cancellation of nothing": lambda text: notification("$/cancelRequest", {"id": text}),
    "settings of another kind": lambda text: notification(
        "workspace/didChangeConfiguration", {"settings": {"foretype": {"topK": text, text: 1}}}
    ),
    "an unrequested answer": lambda text: {"id": text, "result": text},
    "an unrequested error": lambda text: {"id": 1, "error": {"code": 1, "message": text}},
    "another command": called,
    "a command with an extra argument": lambda text: called("foretype.explain", text),
    "a training on nothing": lambda text: called("foretype.train", {"paths": [f"/{text}"]}),
}
"""Invalid messages, by their fault."""


ECHOES = ("Method Not Found", "Invalid Params: Command name")
"""Beginnings of errors that repeat the client's method or command."""

REPEATED_MESSAGES = tuple(
    f"Foretype: {words} " for words in ("The setting", "There is no setting", "cannot read")
)
"""Beginnings of messages that repeat an invalid setting or the path of a training."""


@dataclass
class SessionLogs:
    """The traces of a session in all places that are logs or may be logged.

    Attributes:
        stderr: output of the server.
        files: names and contents of the files in its data folder.
        messages: messages to the client that editors log: errors, and requests to show or log.
        ways: names of the ways by which text may leak.
    """

    stderr: str = ""
    files: str = ""
    messages: str = ""
    ways: list[str] = field(default_factory=list)

    def leaks(self) -> list[str]:
        """Return the ways by which a text reached a log."""
        everything = f"{self.stderr}{self.files}{self.messages}"
        return [way for way in self.ways if mark(way) in everything]


def mark(way: str) -> str:
    """Return the text to search for."""
    return MARK + "".join(letter for letter in way if letter.isalpha())


def install(folder: Path) -> dict[str, str]:
    """Install the leaking predictors; return the environment of a server that has them."""
    info = folder / "leaking-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: leaking\nVersion: 1.0\n")
    lines = [f"leak{where} = leaking_{where}:create" for where in WHERE]
    (info / "entry_points.txt").write_text("\n".join(["[foretype.predictors]", *lines]))
    (folder / "leaking.py").write_text(PLUGIN)
    for where in WHERE:
        (folder / f"leaking_{where}.py").write_text(
            f"import leaking\ncreate = leaking.leaking({where!r})\n"
        )
    return {"PYTHONPATH": str(folder)}


def session(folder: Path, *options: str) -> SessionLogs:
    """Hold a session with a server with these options; return its logs."""
    logs = SessionLogs(
        ways=["document", "name", "typed", "setting", "header", "no JSON", *WHERE, *BROKEN]
    )
    home = folder / "home"
    with server(home, [*SERVE, *options], env=install(folder / "plugins"), status=None) as (
        client,
        process,
    ):
        assert process.stderr
        with ThreadPoolExecutor(1) as reader:
            stderr = reader.submit(process.stderr.read)
            try:
                act(client)
                client.shut_down()
                process.wait(20)
            finally:
                process.kill()
            logs.stderr = stderr.result().decode(errors="replace")
    kinds = {"window/showMessage", "window/logMessage", "$/logTrace"}
    logged = [
        one
        for one in client.notifications
        if one["method"] in kinds
        and not one["params"].get("message", "").startswith(REPEATED_MESSAGES)
    ]
    errors = [
        one["error"]
        for one in client.answers.values()
        if not one.get("error", {}).get("message", ECHOES[0]).startswith(ECHOES)
    ]
    logs.messages = json.dumps([*logged, *errors])
    logs.files = "".join(
        f"{path}{path.read_bytes().decode(errors='replace')}" for path in _files(home)
    )
    return logs


def act(client: Client) -> None:
    """Do everything that an editor may do, and send invalid messages."""
    leaking = {f"leak{where}": {"text": mark(where)} for where in WHERE}
    predictors = {"scripted": {"texts": [TEXT]}, **leaking}
    settings = {"predictors": predictors, "seed": mark("setting"), "topP": [mark("setting")]}
    client.initialize(settings, trace="verbose")
    client.notify("$/setTrace", {"value": "verbose"})
    client.open(URI, TEXT)
    client.ghost(URI, 0, 10)
    for number, letter in enumerate(f"{mark('typed')} "):
        client.send(change(URI, number + 2, insertion(1, number, letter)))
        client.send_request(
            "textDocument/inlineCompletion", inline_completion_params(URI, 1, number + 1)
        )
        client.completions(URI, 1, number + 1)
    # Pasted, too: of single letters, a log has the word only if it is offered.
    client.send(change(URI, number + 3, insertion(1, number + 1, mark("typed"))))
    # Before the broken messages: an unreadable edit ends the suggestions in all open documents.
    explained = {
        "command": "foretype.explain",
        "arguments": [{"uri": URI, "position": {"line": 0, "character": 8}}],
    }
    client.answer(client.send_request("workspace/executeCommand", explained))
    for number, (broken, make) in enumerate(BROKEN.items(), 900):
        message = make(mark(broken))
        if "method" in message and "id" in message:
            message["id"] = number
        body = json.dumps(message).encode()
        client.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    cut = mark("no JSON").encode()
    client.send_raw(b"Content-Length: %d\r\n\r\n{%s" % (len(cut) + 1, cut))
    forgotten = client.send_request(
        "workspace/executeCommand", {"command": "foretype.forget", "arguments": [{"word": "moon"}]}
    )
    client.answers[forgotten] = client.answer(forgotten)
    header = mark("header")
    client.send_raw(f"{header}: {header}\r\nContent-Length: {header}\r\n".encode())
    client.warnings()


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.is_file())
