"""*Install or Update* of VS Code's extension: from a wheel, into the environment in use."""

from __future__ import annotations

import json
import os
import stat
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import editor as editors
from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# An environment takes a minute to make on two busy cores.
pytestmark = [*test_vscode.pytestmark[:-1], pytest.mark.timeout(900)]
chromium = test_vscode.chromium

INSTALLED = 400.0
"""Seconds that an installation may take."""

ENTRY_POINTS = """[foretype.predictors]
scripted = foretype_model.predictors.scripted:create
"""


def wheel(folder: Path, mark: str) -> Path:
    """Make a wheel whose program runs the server under test in the wheel's own environment; its
    script has the comment `mark`.
    """
    program = f"""#!python
# {mark}
import sys
sys.path += {json.dumps(sys.path)}
from foretype_server.__main__ import main
main()
"""
    requires = 'Provides-Extra: train\nRequires-Dist: torch>=99; extra == "train"\n'
    scripts = {"foretype-99.0.data/scripts/foretype": program}
    return make_wheel(folder, "foretype", requires, scripts, ENTRY_POINTS)


def make_wheel(
    folder: Path, name: str, more: str, files: dict[str, str], entries: str = ""
) -> Path:
    """Make a wheel of version 99.0 with these files; `more` are fields of its metadata."""
    version = "99.0"
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": entries,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            entry = zipfile.ZipInfo(file)
            # pip makes a script as executable as its entry.
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
        record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
        archive.writestr(f"{info}/RECORD", record)
    return path


def wait(window: VSCode, look: object, wanted: object = bool) -> None:
    """Wait as long as an installation may take."""
    editors.wait_until(
        look,  # type: ignore[arg-type]
        wanted,  # type: ignore[arg-type]
        INSTALLED,
        lambda: f"status: {window.status()!r}; notifications: {window.notifications()}",
        pause=lambda: window.page.wait_for_timeout(200),
    )


@pytest.fixture(scope="module")
def installed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VSCode]:
    """A window whose server was installed by *Install*, from a wheel that the user chose."""
    home = tmp_path_factory.mktemp("vscode")
    nothing = home / "nothing"
    nothing.mkdir()
    make_wheel(home / "packages", "torch", "", {"torch.py": ""})
    # The machine's own configuration may constrain the version of torch.
    packages = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(home / "packages")}
    variables = {**packages, "PIP_CONFIG_FILE": os.devnull}
    with started(
        chromium, home, test_vscode.SCRIPTED, search=str(nothing), more=variables
    ) as window:
        (message,) = window.wait(window.notifications)
        assert "not installed yet" in message
        window.button("Install").click()
        window.wait(window.choices)
        window.choose("Choose a wheel")
        dialog = window.page.locator(".quick-input-widget input").first
        window.wait(dialog.input_value, lambda value: value.startswith("/"))
        path = str(wheel(home / "wheels", "the first"))

        def is_entered() -> bool:
            """Enter the path until the dialog, which fills its input as it opens, has taken it."""
            if window.notifications():
                return True
            dialog.fill(path, timeout=1000)
            window.page.wait_for_timeout(1000)
            window.press("Enter")
            window.page.wait_for_timeout(1000)
            return bool(window.notifications())

        wait(window, is_entered)
        wait(window, window.status, lambda status: "is ready" in status)
        yield window


def wait_for_notification(window: VSCode, text: str) -> None:
    wait(window, window.notifications, lambda messages: any(text in one for one in messages))


def script(window: VSCode) -> Path:
    """Return the program in the extension's own environment."""
    storage = window.folder.parent / "data" / "User" / "globalStorage" / "foretype.foretype"
    return storage / "environment" / "bin" / "foretype"


def test_chosen_wheel_is_installed(installed: VSCode) -> None:
    """The server from the chosen wheel runs, and completes."""
    assert script(installed).is_file()
    installed.open("notes.txt")
    installed.type("hello")
    installed.wait_for_ghost(" world again")


def test_update_replaces_same_version(installed: VSCode) -> None:
    """An update proposes the path of the installation, and installs it again."""
    path = wheel(installed.folder.parent / "wheels", "the second")
    assert "# the second" not in script(installed).read_text()
    installed.command("Notifications: Clear All Notifications")
    installed.command("Foretype: Install or Update the Server")
    installed.wait(installed.choices, lambda lines: any(str(path) in line for line in lines))
    installed.choose("From where it came")
    # It comes once the server has started again.
    wait_for_notification(installed, "is installed. Open a file and type.")
    assert "# the second" in script(installed).read_text()
    installed.wait_until_ready()


def test_pytorch_is_a_button(installed: VSCode) -> None:
    """Training without PyTorch offers to install it, and then goes on."""
    installed.command("Notifications: Clear All Notifications")
    installed.wait_until_ready()
    installed.command("Foretype: Train on This Workspace…")
    wait_for_notification(installed, "training needs PyTorch")
    installed.button("Install PyTorch").click()
    asked = installed.page.locator(".quick-input-widget .quick-input-message >> visible=true")
    wait(installed, asked.count)
    found = script(installed).parents[1].glob("lib/python*/site-packages/torch.py")
    assert len(list(found)) == 1
    installed.press("Escape")
