"""VS Code, as code-server in Chromium, with Foretype's packaged extension and the real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import browser, editor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

T = TypeVar("T")

CLIENT = Path(__file__).parents[2] / "editor-clients" / "vscode"
VSIX = CLIENT / "foretype.vsix"
TIMEOUT = 180.0
"""Seconds to wait for an expected state before the test fails."""

TEST_SETTINGS: Mapping[str, Any] = {
    "workbench.startupEditor": "none",
    "workbench.enableExperiments": False,
    "workbench.tips.enabled": False,
    "chat.disableAIFeatures": True,
    "extensions.autoUpdate": False,
    "files.autoSave": "afterDelay",
    "files.autoSaveDelay": 100,
    "editor.wordBasedSuggestions": "off",
    "editor.minimap.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "remote.autoForwardPorts": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
}
"""Settings that hide all that is not tested, and save typed text at once."""


def missing() -> str | None:
    """Return the reason why VS Code cannot be tested here, or None."""
    if find() is None:
        return "no code-server: set FORETYPE_TEST_CODE_SERVER"
    return browser.missing()


def find() -> str | None:
    """Return a code-server: $FORETYPE_TEST_CODE_SERVER, or the one on the PATH."""
    return os.environ.get("FORETYPE_TEST_CODE_SERVER") or shutil.which("code-server")


SCALE = 2
"""Device pixels per pixel of the page, for sharp pictures."""

WORKSPACE_FILES: Mapping[str, str] = {"notes.txt": "", "other.txt": "", "paths.py": ""}
"""The default files of a workspace, with their texts."""

NO_VARIABLES: Mapping[str, str] = {}

COMMAND_PALETTE_IS_OPEN = """
[...document.querySelectorAll(".quick-input-widget input")].some(
  (one) => one.offsetParent && one.value.startsWith(">"))
"""

WAIT_UNTIL_IDLE = "() => new Promise(done => requestIdleCallback(done, { timeout: 6000 }))"
"""Resolves after the page's earlier callbacks for idle times, which VS Code gives 5 s at most."""


class VSCode:
    """A window. Keys and commands act asynchronously: use `wait` before checking their effect."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self._has_opened = False

    def open(self, name: str) -> None:
        """Open a file of the workspace, with the cursor at its end."""
        self.press("Escape", "Escape", "ControlOrMeta+p")
        self.page.locator(".quick-input-widget input").first.fill(name)
        self.choose(name)
        self.page.locator(f".tab.active[data-resource-name='{name}']").wait_for()
        self.page.locator(".editor-instance .monaco-editor .view-line").first.wait_for()
        if not self._has_opened:
            self._has_opened = True
            self.page.wait_for_timeout(4000)
        # VS Code loads ghost text once a new editor is idle; keys before that request none.
        for _ in range(3):
            self.page.evaluate(WAIT_UNTIL_IDLE)
        self.press("ControlOrMeta+End")

    def type_until_ghost(self, name: str, text: str) -> None:
        """Type `text` into a file, and its last key again until VS Code has loaded ghost text."""
        self.open(name)
        self.type(text)

        def retype() -> str:
            self.page.wait_for_timeout(1000)
            if not self.ghost():
                self.press("Backspace")
                self.type(text[-1])
            return self.ghost()

        self.wait(retype)

    def clear(self) -> None:
        """Delete the text of the active file."""
        self.press("ControlOrMeta+a", "Backspace")

    def type(self, text: str) -> None:
        """Type at the speed of a quick typist."""
        self.page.keyboard.type(text, delay=60)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def command(self, title: str) -> None:
        """Run a command of the palette by its title."""
        self.press("F1")
        self.page.locator(".quick-input-widget input").first.fill(f">{title}")
        self.choose(title)
        self.wait(self._palette_is_closed)

    def _palette_is_closed(self) -> bool:
        return not self.page.evaluate(COMMAND_PALETTE_IS_OPEN)

    def text(self, name: str) -> str:
        """Return the text of a file on the disk."""
        return (self.folder / name).read_text("utf-8")

    def ghost(self, where: str = ".editor-instance") -> str:
        """Return the ghost text in the elements that a selector finds."""
        shown = self.page.locator(f"{where} [class*='ghost-text-decoration']").all_text_contents()
        return "".join(shown).replace("\xa0", " ")

    def menu(self) -> list[str]:
        """Return the labels of the completion menu."""
        labels = self.page.locator(
            ".suggest-widget.visible .monaco-list-row .label-name"
        ).all_text_contents()
        return [label.replace("\xa0", " ") for label in labels]

    def choices(self) -> list[str]:
        """Return the lines of the open quick pick."""
        return self._visible(".quick-input-widget .monaco-list-row").all_inner_texts()

    def choose(self, label: str) -> None:
        """Choose one of the `choices`."""
        self._visible(".quick-input-widget .monaco-list-row").filter(has_text=label).first.click()

    def answer(self, text: str) -> None:
        """Enter text into the open input box."""
        self._visible(".quick-input-widget .quick-input-message").first.wait_for()
        self.page.locator(".quick-input-widget input").first.fill(text)
        self.press("Enter")

    def status(self) -> str:
        """Return the accessible label of the status bar item."""
        return self._item().get_attribute("aria-label") or ""

    def open_menu(self) -> None:
        self._item().locator("a").click()

    def notifications(self) -> list[str]:
        """Return the messages of the notifications."""
        return self._visible(
            ".notifications-toasts .notification-list-item-message"
        ).all_inner_texts()

    def button(self, label: str) -> Locator:
        """Return a button of a notification."""
        return self._visible(".notifications-toasts .monaco-button").filter(has_text=label).first

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """Return the value of `look` once `wanted` accepts it."""
        return editor.wait_until(
            look,
            wanted,
            TIMEOUT,
            lambda: f"status: {self.status()!r}; notifications: {self.notifications()}",
            pause=lambda: self.page.wait_for_timeout(50),
        )

    def wait_for_ghost(self, text: str) -> None:
        self.wait(self.ghost, lambda ghost: ghost == text)

    def wait_for_text(self, name: str, text: str) -> None:
        self.wait(lambda: self.text(name), lambda found: found == text)

    def wait_until_ready(self) -> None:
        self.wait(self.status, lambda status: "is ready" in status)

    def accepted(self) -> tuple[int, int]:
        """Return the server's counts of accepted suggestions and of their characters."""
        self.command("Foretype: Show Menu")
        self.wait(self.choices, lambda lines: any("Open settings" in line for line in lines))
        self.press("Escape")
        found = re.search(r"accepted in this window: (\d+) \((\d+) characters\)", self.status())
        assert found
        return int(found[1]), int(found[2])

    def servers(self) -> list[int]:
        """Return the process ids of this window's servers."""
        return [
            int(folder.name)
            for folder in Path("/proc").iterdir()
            if folder.name.isdigit() and self._serves(folder)
        ]

    def _serves(self, process: Path) -> bool:
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            return (
                b"serve" in arguments
                and str(self.folder.parent).encode() in (process / "environ").read_bytes()
            )
        except OSError:
            return False

    def _item(self) -> Locator:
        return self.page.locator("[id='foretype.foretype.status']")

    def _visible(self, selector: str) -> Locator:
        return self.page.locator(f"{selector} >> visible=true")


@contextmanager
def started(
    chromium: Browser,
    home: Path,
    settings: Mapping[str, Any],
    files: Mapping[str, str] = WORKSPACE_FILES,
    search: str = editor.SCRIPTS,
    *,
    more: Mapping[str, str] = NO_VARIABLES,
) -> Iterator[VSCode]:
    """Start a window with the extension, the user's `settings`, its own home and a workspace of
    `files`.

    `search` is a folder to put before the PATH, by default the one with Foretype. `more` are
    variables of the environment.
    """
    program = find()
    assert program
    folder, data = home / "text", home / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    # Settings of scope machine, such as the program's path, count in the machine's settings only.
    for kind, chosen in (("User", {**TEST_SETTINGS, **settings}), ("Machine", settings)):
        (data / kind).mkdir(parents=True, exist_ok=True)
        (data / kind / "settings.json").write_text(json.dumps(chosen))
    homes = {
        f"XDG_{kind}_HOME": str(home / kind.lower())
        for kind in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    path = os.pathsep.join([search, *_without_foretype(os.environ["PATH"])])
    environment = {
        **os.environ,
        **homes,
        "HOME": str(home),
        "FORETYPE_HOME": str(home / "foretype"),
        "PATH": path,
        **more,
    }
    environment["VSCODE_CLI"] = "1"  # use this environment, not that of a login shell
    place = [program, "--user-data-dir", str(data), "--extensions-dir", str(home / "extensions")]
    installing = [*place, "--install-extension", str(VSIX), "--force"]
    subprocess.run(installing, env=environment, check=True, capture_output=True, timeout=TIMEOUT)
    port = _free_port()
    serving = [*place, "--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
    quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"]
    with (
        (home / "code-server.log").open("w") as log,
        subprocess.Popen(
            [*serving, *quiet], env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            _await(address)
            with _window(chromium, f"{address}/?folder={folder}") as page:
                window = VSCode(page, folder)
                window.wait(window._item().count)
                yield window
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 15)


@contextmanager
def _window(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1000, "height": 640}, device_scale_factor=SCALE
    )
    context.route(lambda url: not url.startswith("http://127.0.0.1:"), _refuse)
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        page.goto(address)
        page.locator(".monaco-workbench").wait_for()
        yield page
    finally:
        context.close()


def _refuse(route: Route) -> None:
    """Block a request to another host, such as the marketplace."""
    route.abort()


def _without_foretype(path: str) -> list[str]:
    return [
        folder
        for folder in path.split(os.pathsep)
        if folder and not (Path(folder) / "foretype").exists()
    ]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _await(address: str) -> None:
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
        except OSError:
            assert time.monotonic() < end, "code-server does not start"
            time.sleep(0.1)
        else:
            return
