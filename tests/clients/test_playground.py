"""The page of `foretype playground`, in a real Chromium, with the real server."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from . import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

T = TypeVar("T")

PLAYGROUND = Path(__file__).parents[2] / "editor-clients" / "playground"
FORETYPE = str(Path(sysconfig.get_path("scripts")) / "foretype")
IMAGES = os.environ.get("FORETYPE_TEST_IMAGES")
"""Set where the README's pictures are to be taken anew."""

PATIENCE = 30.0
TEXTS = ["hello world again", "äöü😀 grün und blau"]
SCRIPTED = {"predictors": {"scripted": {"texts": TEXTS}, "copy": {}}}
SCRIPTED_SERVER = """
import asyncio, sys
from pathlib import Path
from foretype_server import lsp
from foretype_server.editor_files import editor_files
from foretype_server.page import Beginning, Page, serve
beginning = Beginning(text="", settings=%r)
page = Page(editor_files("playground") / "dist", beginning)
asyncio.run(serve(lsp.converse, page, 0, lambda address: print(address, flush=True)))
"""

in_chromium = pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))


@contextmanager
def serving(home: Path, *command: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of the page that the command serves, and its process."""
    environment = {**os.environ, "FORETYPE_HOME": str(home), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty page whose server knows a few texts by heart."""
    command = (sys.executable, "-c", SCRIPTED_SERVER % SCRIPTED)
    with serving(tmp_path_factory.mktemp("home"), *command) as (address, _):
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as one:
        yield one


class Playground:
    """An open page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", self._listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(address)
        page.locator("#predictors li").first.wait_for()

    def _listen(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=30)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self) -> str:
        """What is in the editor, without what is only shown there."""
        lines = self.page.locator(".cm-line").all()
        return "\n".join(line.evaluate(PLAIN) for line in lines)

    def ghost(self) -> str:
        return "".join(self.page.locator(".ghost").all_text_contents())

    def bars(self) -> list[dict[str, Any]]:
        return self.page.locator("#bars li").evaluate_all(BARS)

    def untinted(self) -> int:
        """How many characters have not been read yet."""
        return len(self.text().replace("\n", "")) - self.page.locator(".scored, .missed").evaluate_all(LENGTHS)

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """What `look` finds once it is as wanted."""
        end = time.monotonic() + PATIENCE
        while not wanted(found := look()):
            assert time.monotonic() < end, f"still {found!r}; {self.errors}"
            time.sleep(0.03)
        return found

    def wait_for_ghost(self, text: str) -> None:
        self.wait(self.ghost, lambda ghost: ghost == text)

    def wait_for_text(self, text: str) -> None:
        self.wait(self.text, lambda found: found == text)


PLAIN = """line => { const copy = line.cloneNode(true);
copy.querySelectorAll('.ghost, .cm-placeholder, .cm-widgetBuffer').forEach(one => one.remove());
return copy.textContent }"""
BARS = """rows => rows.map(row => ({ text: row.querySelector('kbd').textContent, title: row.title,
probability: Number(row.dataset.probability), drawn: Number(row.dataset.drawn),
width: row.querySelector('.drawn').style.width }))"""
LENGTHS = "marks => marks.map(mark => mark.textContent.length).reduce((a, b) => a + b, 0)"
MOVE = """([id, value]) => { const slider = document.getElementById(id);
slider.value = value; slider.dispatchEvent(new Event('input')) }"""


@contextmanager
def opened(chromium: Browser, address: str, **how: Any) -> Iterator[Playground]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, **how)
    try:
        yield Playground(context.new_page(), address)
    finally:
        context.close()


@pytest.fixture
def page(chromium: Browser, scripted: str) -> Iterator[Playground]:
    """An empty page, on which nothing may go wrong."""
    with opened(chromium, scripted) as playground:
        yield playground
        assert playground.errors == []


@in_chromium
def test_opened_page_has_the_cursor_in_its_editor_and_asks_nobody_else(page: Playground, scripted: str) -> None:
    page.type("hello")
    page.wait_for_ghost(" world again")
    assert page.text() == "hello"
    hosts = {urlsplit(url).netloc for url in page.requests}
    assert hosts == {urlsplit(scripted).netloc}
    assert any(url.startswith("ws://") for url in page.requests)


@in_chromium
def test_completed_from_the_menu(page: Playground) -> None:
    page.type("hello wo")
    page.press("Control+Space")
    page.page.locator(".cm-tooltip-autocomplete li", has_text="world").first.wait_for()
    page.press("Enter")
    page.wait(page.text, lambda text: text.startswith("hello world"))
    assert "\n" not in page.text()


@in_chromium
def test_ghost_text_is_shown_typed_along_and_dismissed(page: Playground) -> None:
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.type(" wor")
    page.wait_for_ghost("ld again")
    page.press("Escape")
    page.wait_for_ghost("")
    page.type("l")
    page.wait_for_ghost("d again")
    page.press("ArrowLeft")
    page.wait(page.ghost, lambda ghost: ghost != "d again")


@in_chromium
def test_accepted_by_tab_and_counted(page: Playground) -> None:
    page.type("äöü😀")
    page.wait_for_ghost(" grün und blau")
    page.press("Tab")
    page.wait_for_text("äöü😀 grün und blau")
    page.type("!")
    page.wait_for_text("äöü😀 grün und blau!")
    page.press("Control+z", "Control+z")
    page.wait_for_text("äöü😀")
    commands = [sent["params"] for sent in page.sent if sent["method"] == "workspace/executeCommand"]
    (told,) = [one["arguments"][0] for one in commands if one["command"] == "foretype.accepted"]
    assert (told["kind"], told["characters"]) == ("ghost", len(" grün und blau"))


@in_chromium
def test_worded_by_control_and_right(page: Playground) -> None:
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.press("Control+ArrowRight")
    page.wait_for_text("hello world")
    page.wait_for_ghost(" again")


@in_chromium
def test_tab_leaves_the_editor_where_nothing_is_offered(page: Playground) -> None:
    page.type("hello world again.")
    page.wait(page.untinted, lambda count: count == 0)
    page.wait_for_ghost("")
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.tagName") == "INPUT"


@in_chromium
def test_bars_are_probabilities_and_what_is_drawn_follows_the_slider(page: Playground) -> None:
    page.type("hello")
    first = page.wait(page.bars, lambda bars: bool(bars) and bars[0]["text"] == "␣")
    assert sum(bar["probability"] for bar in first) <= 1.001
    assert first[0]["drawn"] == 1
    assert "scripted" in first[0]["title"]
    drawn = []
    for temperature in ("1", "2"):
        page.page.evaluate(MOVE, ["temperature", temperature])
        bars = page.wait(page.bars, lambda bars: bars[0]["drawn"] not in [1, *drawn])
        assert sum(bar["drawn"] for bar in bars) <= 1.001
        drawn.append(bars[0]["drawn"])
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[0] == pytest.approx(first[0]["probability"], abs=0.01)


@in_chromium
def test_sliders_work_by_keyboard_and_the_seed_only_where_it_matters(page: Playground) -> None:
    temperature, seed = page.page.get_by_label("Temperature"), page.page.get_by_label("Seed")
    assert seed.is_disabled()
    temperature.focus()
    page.press("ArrowRight")
    assert page.page.locator("#temperature-value").inner_text() == "0.05"
    assert seed.is_enabled()


@in_chromium
def test_each_character_is_tinted_by_who_foresaw_it_and_says_so(page: Playground) -> None:
    page.type("hello world. Wainwright, Wainwright, Wainwright")
    page.wait(page.untinted, lambda count: count == 0)
    styles = page.page.locator(".scored").evaluate_all(
        "marks => marks.map(mark => [mark.textContent, mark.style.backgroundImage])"
    )
    last, sure = styles[-1], next(style for text, style in styles if "o" in text)
    assert "--predictor-1" in last[1]
    assert "--predictor-0" in sure
    page.page.locator(".scored").last.hover()
    tooltip = page.page.locator(".cm-tooltip .figures-of")
    tooltip.wait_for()
    assert re.search(r"\d %.*bits", tooltip.inner_text())
    assert "copy" in tooltip.inner_text()
    assert "copy" in page.page.locator("#before").inner_text()
    assert float(page.page.locator("#bits").inner_text()) > 0.1
    assert re.fullmatch(r"\d+ ms", page.page.locator("#latency").inner_text())


@in_chromium
def test_an_edit_in_the_middle_keeps_the_other_tints(page: Playground) -> None:
    page.type("Wainwright and others")
    page.wait(page.untinted, lambda count: count == 0)
    before = page.page.locator("#bits").inner_text()
    page.press("Home")
    page.type("xyz")
    page.wait(page.untinted, lambda count: count == 0)
    page.press("Backspace", "Backspace", "Backspace")
    page.wait(lambda: page.page.locator("#bits").inner_text(), lambda bits: bits == before)


@in_chromium
def test_a_second_tab_works_beside_the_first(chromium: Browser, scripted: str, page: Playground) -> None:
    with opened(chromium, scripted) as other:
        for one in (page, other):
            one.type("hello")
        for one in (page, other):
            one.wait_for_ghost(" world again")


@in_chromium
def test_it_fits_a_narrow_window(page: Playground) -> None:
    page.page.set_viewport_size({"width": 360, "height": 640})
    page.type("hello world again " * 5)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360


@in_chromium
def test_every_control_has_a_name(page: Playground) -> None:
    unnamed = "all => all.filter(one => !one.labels?.length && !one.ariaLabel && !one.title).map(one => one.outerHTML)"
    assert page.page.locator("input, [contenteditable=true]").evaluate_all(unnamed) == []


@in_chromium
def test_the_end_of_the_server_is_told_once_with_what_to_do(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Philippa,\n")
    command = (FORETYPE, "playground", str(tmp_path / "letter.txt"), "--no-open")
    with serving(tmp_path / "home", *command) as (address, process), opened(chromium, address) as playground:
        assert playground.page.locator("#name").inner_text() == "letter.txt"
        assert playground.text() == "Dear Philippa,\n"
        playground.page.locator("#bars li").first.wait_for()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr
        assert process.stderr.read() == ""
        alert = playground.page.get_by_role("alert")
        alert.wait_for()
        assert "foretype playground" in alert.inner_text()
        count = len(playground.requests)
        playground.type("and more")
        playground.wait_for_text("Dear Philippa,\nand more")
        assert playground.ghost() == ""
        assert len(playground.requests) == count
        assert playground.page.get_by_role("alert").count() == 1


@in_chromium
def test_the_words_of_welcome_show_what_they_say(chromium: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open") as (address, _):
        for scheme in ("light", "dark"):
            with opened(chromium, address, color_scheme=scheme) as page:
                page.wait(page.untinted, lambda count: count == 0)
                page.wait(page.ghost, lambda ghost: ghost.startswith("Philippa Wainwright"))
                assert page.page.locator("#predictors").inner_text().split() == ["network", "copy"]
                if IMAGES:
                    take(page, scheme)
                assert page.errors == []


def take(page: Playground, scheme: str) -> None:
    """A picture for the README: a name that was foreseen, and what may follow it."""
    page.press("Tab")
    page.wait(page.ghost, lambda ghost: not ghost.startswith("P"))
    page.type("a st")
    page.page.evaluate(MOVE, ["temperature", "0.6"])
    page.wait(page.bars, lambda bars: 0.01 < bars[0]["drawn"] < 1)
    page.wait(page.untinted, lambda count: count == 0)
    time.sleep(1)
    page.page.screenshot(path=PLAYGROUND / "images" / f"{scheme}.png")


# Without a browser:


def get(address: str, path: str | None = None, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    connection.request("GET", parts.path if path is None else path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_the_page_may_speak_to_its_own_server_alone(scripted: str) -> None:
    netloc = urlsplit(scripted).netloc
    for name in ("", "playground.js", "style.css", "icon.svg", "beginning.json"):
        status, headers, body = get(scripted + name)
        assert status == 200
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        sources = set(" ".join(policy.values()).split())
        port = netloc.rpartition(":")[2]
        allowed = {"'self'", "'none'", f"ws://127.0.0.1:{port}", f"ws://localhost:{port}"}
        assert {source for source in sources - allowed if not source.startswith("'nonce-")} == set()
        if name in {"", "style.css"}:
            assert b"//" not in body


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "localhost:1", "evil.127.0.0.1.nip.io:80"])
def test_another_name_for_this_machine_is_refused(scripted: str, host: str) -> None:
    status, _, body = get(scripted, Host=host)
    assert status == 403
    assert b"foretype playground" in body


def test_nothing_is_served_without_the_secret_part_of_the_address(scripted: str) -> None:
    for path in ("/", "/x/", "/playground.js", "/../index.html", urlsplit(scripted).path + "../x"):
        status, _, body = get(scripted, path)
        assert status == 404
        assert b"foretype playground" in body
    with pytest.raises(InvalidStatus, match="404"):
        connect(f"ws://{urlsplit(scripted).netloc}/lsp", origin=scripted.partition("/x")[0])


@pytest.mark.parametrize("origin", [None, "https://example.com", "null"])
def test_a_page_from_elsewhere_gets_no_conversation(scripted: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(scripted.replace("http", "ws") + "lsp", origin=origin)


def test_two_runs_have_different_addresses(tmp_path: Path, scripted: str) -> None:
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open") as (address, process):
        assert urlsplit(address).path != urlsplit(scripted).path
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, scripted: str) -> None:
    port = str(urlsplit(scripted).port)
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open", "--port", port) as (_, process):
        assert process.wait(PATIENCE) == 1
        assert process.stderr
        said = process.stderr.read()
        assert len(said.splitlines()) == 1
        assert "--port" in said


# What is committed


def npm() -> str | None:
    """Why the page cannot be built here."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return "no node and npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return None if int(version.strip().removeprefix("v").partition(".")[0]) >= 20 else "node is older than 20"


@pytest.mark.skipif(npm() is not None, reason=str(npm()))
def test_the_committed_page_is_what_its_sources_build(tmp_path: Path) -> None:
    sources = tmp_path / "playground"
    shutil.copytree(PLAYGROUND, sources, ignore=shutil.ignore_patterns("node_modules", "images"))
    quiet = ["--silent", "--no-audit", "--no-fund", f"--cache={tmp_path / 'cache'}"]
    installed = subprocess.run(["npm", "ci", *quiet], cwd=sources, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"npm cannot install here: {installed.stderr.strip()[:200]}")
    for command in (["npm", "run", "check"], ["node", "build.mjs", str(tmp_path / "dist")]):
        done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    committed = {path.name: path.read_bytes() for path in (PLAYGROUND / "dist").iterdir()}
    built = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    assert set(built) == set(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((PLAYGROUND / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_licences_of_all_that_is_bundled_come_along() -> None:
    notices = (PLAYGROUND / "dist" / "LICENSES.txt").read_text("utf-8")
    for package in ("@codemirror/view", "@codemirror/autocomplete", "@lezer/common", "style-mod", "w3c-keyname"):
        assert re.search(rf"^{package} \d", notices, re.MULTILINE), package
    assert notices.count("Permission is hereby granted") >= 5
