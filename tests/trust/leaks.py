"""A session in which text could get into a log in every way we know of, each with a text of its own
to look for.
"""

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
    """Raises or warns with the text that it was given, where it is told to."""

    def __init__(self, text, where):
        super().__init__([text])
        self.text, self.where = text, where

    def told(self, where):
        if where == self.where:
            raise ValueError(f"cannot take {self.text!r}")

    def start(self):
        self.told("start")
        return super().start()

    def feed(self, state, text):
        self.told("feed")
        if self.where == "logs":
            logging.getLogger("plugin").error("read %s", self.text)
            logging.getLogger("foretype").error("read " + self.text)
            warnings.warn(self.text)
        if self.where == "thread":
            threading.Thread(target=self.told, args=("thread",)).start()
        if self.where == "collected":
            Collected(self.text)
        return super().feed(state, text)

    def step(self, states, following):
        self.told("step")
        return super().step(states, following)

    def predict(self, states):
        self.told("predict")
        return super().predict(states)

    def sources(self, state, text, most):
        self.told("sources")
        return []

    def save(self):
        self.told("save")

    def learn(self, state, following):
        self.told("learn")

    def observe(self, document, before, after):
        self.told("observe")

    def refresh(self, progress):
        self.told("refresh")

    def update(self, paths):
        pass

    def close(self):
        pass

    def forget(self, path, word):
        self.told("forget")
        return Removed()

class Collected:
    def __init__(self, text):
        self.text = text

    def __del__(self):
        raise RuntimeError(self.text)

def leaking(where):
    def create(context):
        if where == "made":
            raise RuntimeError(context.options["text"])
        return Leaking(context.options["text"], where)
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
    """A request to do what `command` says."""
    return {
        "id": 0,
        "method": "workspace/executeCommand",
        "params": {"command": command, "arguments": arguments},
    }


def request(method: str, params: Any) -> dict[str, Any]:
    """A request."""
    return {"id": 0, "method": method, "params": params}


def notification(method: str, params: Any) -> dict[str, Any]:
    """A notification."""
    return {"method": method, "params": params}


BROKEN: dict[str, Callable[[str], Any]] = {
    "a text": lambda text: text,
    "a list": lambda text: [text],
    "no method": lambda text: {"id": 1, "params": text},
    "another method": lambda text: {"id": 1, "method": text, "params": {}},
    "another notification": lambda text: notification(text, {}),
    "params that are none": lambda text: request("textDocument/completion", text),
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
    "an end to nothing": lambda text: notification("$/cancelRequest", {"id": text}),
    "settings of another kind": lambda text: notification(
        "workspace/didChangeConfiguration", {"settings": {"foretype": {"topK": text, text: 1}}}
    ),
    "an answer nobody asked for": lambda text: {"id": text, "result": text},
    "an error nobody asked for": lambda text: {"id": 1, "error": {"code": 1, "message": text}},
    "another command": called,
    "a command with more": lambda text: called("foretype.explain", text),
    "a training on nothing": lambda text: called("foretype.train", {"paths": [f"/{text}"]}),
}
"""Messages that make no sense, by what is wrong with them."""


ECHOES = ("Method Not Found", "Invalid Params: Command name")
"""Errors that say again what method or command the client has called."""

SAID_AGAIN = tuple(
    f"Foretype: {words} " for words in ("The setting", "There is no setting", "cannot read")
)
"""What is shown of a setting that is none, and of a path that the client has named to be trained
on.
"""


@dataclass
class SessionLogs:
    """All that a session has left where a log is kept, or may be.

    Attributes:
        stderr: what the server wrote there.
        files: what is in its folder now.
        messages: those to the client that editors log: errors, what is shown, and what is told to
            be logged.
    """

    stderr: str = ""
    files: str = ""
    messages: str = ""
    ways: list[str] = field(default_factory=list)

    def leaks(self) -> list[str]:
        """Ways by which a text got there."""
        everything = f"{self.stderr}{self.files}{self.messages}"
        return [way for way in self.ways if mark(way) in everything]


def mark(way: str) -> str:
    """The text to look for."""
    return MARK + "".join(letter for letter in way if letter.isalpha())


def install(folder: Path) -> dict[str, str]:
    """The environment of a server that has the predictors that leak."""
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
    """Hold it, by a server with these options; what was told."""
    told = SessionLogs(
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
            told.stderr = stderr.result().decode(errors="replace")
    kinds = {"window/showMessage", "window/logMessage", "$/logTrace"}
    logged = [
        one
        for one in client.notifications
        if one["method"] in kinds and not one["params"].get("message", "").startswith(SAID_AGAIN)
    ]
    errors = [
        one["error"]
        for one in client.answers.values()
        if not one.get("error", {}).get("message", ECHOES[0]).startswith(ECHOES)
    ]
    told.messages = json.dumps([*logged, *errors])
    told.files = "".join(
        f"{path}{path.read_bytes().decode(errors='replace')}" for path in _files(home)
    )
    return told


def act(client: Client) -> None:
    """Whatever an editor may do, and what none should."""
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
    for number, (broken, make) in enumerate(BROKEN.items(), 900):
        message = make(mark(broken))
        if "method" in message and "id" in message:
            message["id"] = number
        body = json.dumps(message).encode()
        client.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    cut = mark("no JSON").encode()
    client.send_raw(b"Content-Length: %d\r\n\r\n{%s" % (len(cut) + 1, cut))
    explained = {
        "command": "foretype.explain",
        "arguments": [{"uri": URI, "position": {"line": 0, "character": 8}}],
    }
    client.answer(client.send_request("workspace/executeCommand", explained))
    forgotten = client.send_request(
        "workspace/executeCommand", {"command": "foretype.forget", "arguments": [{"word": "moon"}]}
    )
    client.answers[forgotten] = client.answer(forgotten)
    header = mark("header")
    client.send_raw(f"{header}: {header}\r\nContent-Length: {header}\r\n".encode())
    client.warnings()


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.is_file())
