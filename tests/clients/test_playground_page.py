"""What `foretype playground` serves, and to whom; and that what is committed is what its sources
build.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from . import npm
from .playground import FORETYPE, PATIENCE, PLAYGROUND, serving, serving_scripted


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty page whose server knows a few texts by heart."""
    with serving_scripted(tmp_path_factory.mktemp("home")) as address:
        yield address


def get(
    address: str, path: str | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
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


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", "localhost:1", "evil.127.0.0.1.nip.io:80"]
)
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


@pytest.mark.parametrize("origin", [None, "https://example.com", "null", "file://"])
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
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open", "--port", port) as (
        _,
        process,
    ):
        assert process.wait(PATIENCE) == 1
        assert process.stderr
        said = process.stderr.read()
        assert len(said.splitlines()) == 1
        assert "--port" in said


@pytest.mark.timeout(300)  # npm installs, checks and builds
@pytest.mark.skipif(npm.missing() is not None, reason=str(npm.missing()))
def test_the_committed_page_is_what_its_sources_build(tmp_path: Path) -> None:
    sources = npm.installed(PLAYGROUND, tmp_path)
    npm.run(sources, "npm", "run", "check")
    npm.run(sources, "node", "build.mjs", str(tmp_path / "dist"))
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
    for package in (
        "@codemirror/view",
        "@codemirror/autocomplete",
        "@lezer/common",
        "style-mod",
        "w3c-keyname",
    ):
        assert re.search(rf"^{package} \d", notices, re.MULTILINE), package
    assert notices.count("Permission is hereby granted") >= 5
