"""A workspace of a stranger costs the server neither its answers nor its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .client import Client, eventually, server

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")

URI = "file:///nowhere/open.txt"
START = "The treasurer of our "
SENTENCE = f"{START}society is Philippa Wainwright.\n"
PATIENCE = 10.0
"""Seconds for an answer on a busy machine; a server that is stuck needs for ever."""


def stars(folder: Path) -> None:
    (folder / ".gitignore").write_text("/********************/\n" + "*a" * 16 + "*b\n[a-Z]*.tmp\n")
    (folder / ("a" * 60)).write_text("text\n")


def many_lines(folder: Path) -> None:
    lines = (f"*[a]{i}*[b]*x{i}*[c]\n*.x{i}\nname-{i}\n" for i in range(35_000))
    (folder / ".gitignore").write_text("".join(lines))


def devices(folder: Path) -> None:
    for place in (folder, folder / "sub"):
        place.mkdir(exist_ok=True)
        os.mkfifo(place / ".gitignore")
        os.mkfifo(place / "pipe.txt")
        (place / "zero.txt").symlink_to("/dev/zero")
        (place / "tty.md").symlink_to("/dev/tty")


def links(folder: Path) -> None:
    (folder / ".git" / "info").mkdir(parents=True)
    (folder / ".gitignore").symlink_to("/dev/zero")
    (folder / ".git" / "info" / "exclude").symlink_to("/dev/zero")
    (folder / ".git" / "config").symlink_to("/dev/tty")
    (folder / ".git" / "commondir").symlink_to("/proc/kmsg")


def begin(client: Client, folder: Path) -> None:
    client.initialize(
        {"predictors": {"copy": {}}}, workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}]
    )
    client.open(URI, START)


def offers(client: Client) -> list[str]:
    start = time.monotonic()
    items = client.completions(URI, 0, len(START))["items"]
    assert time.monotonic() - start < PATIENCE
    return [item["textEdit"]["newText"] for item in items]


def knows_sentence(client: Client) -> bool:
    return any(offer.startswith("soc") for offer in offers(client))


def learns_sentence(client: Client) -> bool:
    """Return whether the sentence is offered within a minute: the indexer has a low priority."""
    return any(eventually(lambda: knows_sentence(client)) for _ in range(3))


@pytest.mark.parametrize("prepare", [stars, many_lines, devices, links])
def test_hostile_workspace_is_indexed(tmp_path, prepare: Callable[[Path], None]):
    """The texts are learnt, before and after a restart, and the server answers and ends in time."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "README.md").write_text(SENTENCE)
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        assert learns_sentence(client)
    prepare(folder)  # beside an index from before
    with server(tmp_path / "home") as (client, process):
        begin(client, folder)
        assert learns_sentence(client)
        for path in folder.iterdir():
            client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
        assert knows_sentence(client)
        assert client.warnings() == []
        client.shut_down()
        assert process.wait(2 * PATIENCE) == 0


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="needs Linux")
@pytest.mark.parametrize("path", ["/proc", "/sys"])
def test_kernel_folder_is_indexed_at_once(tmp_path, path):
    """A file system of the kernel as a workspace holds up nothing, and the indexer ends."""
    capabilities = {"window": {"workDoneProgress": True}}
    with server(tmp_path / "home") as (client, process):
        client.initialize(
            {"predictors": {"copy": {}}},
            capabilities,
            workspaceFolders=[{"uri": Path(path).as_uri(), "name": "kernel"}],
        )
        client.open(URI, SENTENCE + START)
        saved = {"textDocument": {"uri": Path(path, "kmsg").as_uri()}}
        client.notify("textDocument/didSave", saved)
        assert eventually(lambda: knows_sentence_twice(client))
        manifests = tmp_path / "home" / "predictors"
        assert eventually(lambda: any(manifests.rglob("lock")))
        assert client.warnings() == []
        client.shut_down()
        assert process.wait(2 * PATIENCE) == 0


def knows_sentence_twice(client: Client) -> bool:
    """Return whether the text of the open document is offered on its second line."""
    items = client.completions(URI, 1, len(START))["items"]
    return any(item["textEdit"]["newText"].startswith("soc") for item in items)
