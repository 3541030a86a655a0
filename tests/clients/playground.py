"""The page of `foretype playground` in a browser, with its real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import editor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

T = TypeVar("T")

PLAYGROUND = Path(__file__).parents[2] / "editor-clients" / "playground"
FORETYPE = str(Path(editor.SCRIPTS) / "foretype")
TIMEOUT = 90.0
"""Seconds: a first page takes 3 on an idle machine, and 60 on a very busy one."""
TEXTS = ["hello world again", "äöü😀 grün und blau"]
SCRIPTED = {"maxSearchTime": 10_000, "predictors": {"scripted": {"texts": TEXTS}, "copy": {}}}
PATIENT = {"maxSearchTime": 10_000}
"""Settings for a busy machine, on which the default of 25 ms ends the search too early."""
SERVER = """
import asyncio, sys
from pathlib import Path
from foretype_server.lsp.serve import handle_connection
from foretype_server.setup.client_files import editor_files
from foretype_server.playground.page import InitialState, Page, serve
initial_state = InitialState(text=%r, settings=%r)
page = Page(editor_files("playground") / "dist", initial_state)
asyncio.run(serve(handle_connection, page, 0, lambda address: print(address, flush=True)))
"""


@contextmanager
def serving(home: Path, *command: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a command that serves the page; yield its address and the process."""
    environment = {**os.environ, "FORETYPE_HOME": str(home), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


@contextmanager
def serving_with(home: Path, settings: dict[str, Any], text: str | None = "") -> Iterator[str]:
    """Serve a page with these settings and this text, by default none; yield its address."""
    with serving(home, sys.executable, "-c", SERVER % (text, settings)) as (address, _):
        yield address


class Playground:
    """An open page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.errors: list[str] = []
        page.set_default_timeout(1000 * TIMEOUT)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", self._listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda entry: (
                self.errors.append(entry.text) if entry.type in {"error", "warning"} else None
            ),
        )
        page.goto(address)
        page.locator("#predictors li").first.wait_for()

    def _listen(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=30)

    def paste(self, text: str) -> None:
        """Paste a text, as from the clipboard."""
        self.page.locator(".cm-content").evaluate(PASTE, text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self) -> str:
        """Return the text of the editor, without ghost text."""
        lines = self.page.locator(".cm-line").all()
        return "\n".join(line.evaluate(PLAIN) for line in lines)

    def ghost(self) -> str:
        return "".join(self.page.locator(".ghost").all_text_contents())

    def bars(self) -> list[dict[str, Any]]:
        """Return the next characters."""
        return self.page.locator("#bars li").evaluate_all(BARS)

    def words(self) -> list[dict[str, Any]]:
        """Return the next words; none while they are those of an older text."""
        return self.page.locator("#words:not(.stale) li").evaluate_all(BARS)

    def messages(self, method: str) -> list[Any]:
        """Return the parameters of the messages of a method that the page has sent."""
        self.page.evaluate("null")  # messages arrive here during calls alone
        return [one["params"] for one in self.sent if one.get("method") == method]

    def commands(self, name: str) -> list[Any]:
        """Return the arguments of the commands of that name that the page has run."""
        sent = self.messages("workspace/executeCommand")
        return [one["arguments"][0] for one in sent if one["command"] == name]

    def untinted(self) -> int:
        """Return the number of characters without a score."""
        return len(self.text().replace("\n", "")) - self.page.locator(
            ".scored, .missed"
        ).evaluate_all(LENGTHS)

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """Return the value of `look` once `wanted` accepts it."""
        return editor.wait_until(look, wanted, TIMEOUT, lambda: f"{self.errors}")

    def wait_for_ghost(self, text: str) -> None:
        self.wait(self.ghost, lambda ghost: ghost == text)

    def wait_for_text(self, text: str) -> None:
        self.wait(self.text, lambda found: found == text)


PLAIN = """line => { const copy = line.cloneNode(true);
copy.querySelectorAll('.ghost, .hint-here, .cm-widgetBuffer').forEach(one => one.remove());
return copy.textContent }"""
BARS = """rows => rows.map(row => ({ text: row.querySelector('kbd').textContent, title: row.title,
grey: row.classList.contains('ghosted'), probability: Number(row.dataset.probability),
drawn: Number(row.dataset.drawn),
width: row.querySelector('.drawn').style.width }))"""
LENGTHS = "marks => marks.map(mark => mark.textContent.length).reduce((a, b) => a + b, 0)"
MOVE = """([id, value]) => { const slider = document.getElementById(id);
slider.value = value; slider.dispatchEvent(new Event('input')) }"""


PASTE = """(editor, text) => { const data = new DataTransfer();
data.setData('text/plain', text);
const options = { clipboardData: data, bubbles: true, cancelable: true };
editor.dispatchEvent(new ClipboardEvent('paste', options)) }"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


@contextmanager
def opened(chromium: Browser, address: str, **how: Any) -> Iterator[Playground]:
    context = chromium.new_context(**{**DESKTOP, **how})
    try:
        yield Playground(context.new_page(), address)
    finally:
        context.close()
