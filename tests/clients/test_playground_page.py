"""The HTTP server of `foretype playground`, its access control, and its committed build."""

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
from .playground import FORETYPE, PLAYGROUND, SCRIPTED, TIMEOUT, serving, serving_with


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty page whose server predicts a few texts."""
    with serving_with(tmp_path_factory.mktemp("home"), SCRIPTED) as address:
        yield address


def get(
    address: str, path: str | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    connection.request("GET", parts.path if path is None else path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_page_connects_only_to_its_server(scripted: str) -> None:
    """The Content Security Policy allows only the page's own server."""
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
def test_other_host_names_are_refused(scripted: str, host: str) -> None:
    """Requests with another Host header are refused."""
    status, _, body = get(scripted, Host=host)
    assert status == 403
    assert b"foretype playground" in body


def test_secret_path_is_required(scripted: str) -> None:
    """Requests without the secret part of the address get no page and no connection."""
    for path in ("/", "/x/", "/playground.js", "/../index.html", urlsplit(scripted).path + "../x"):
        status, _, body = get(scripted, path)
        assert status == 404
        assert b"foretype playground" in body
    with pytest.raises(InvalidStatus, match="404"):
        connect(f"ws://{urlsplit(scripted).netloc}/lsp", origin=scripted.partition("/x")[0])


@pytest.mark.parametrize("origin", [None, "https://example.com", "null", "file://"])
def test_foreign_origins_are_refused(scripted: str, origin: str | None) -> None:
    """WebSocket connections from other origins are refused."""
    with pytest.raises(InvalidStatus, match="403"):
        connect(scripted.replace("http", "ws") + "lsp", origin=origin)


def test_each_run_has_its_address(tmp_path: Path, scripted: str) -> None:
    """Each run has a new secret address, and ends cleanly on SIGTERM."""
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open") as (address, process):
        assert urlsplit(address).path != urlsplit(scripted).path
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0


def test_busy_port_is_one_line(tmp_path: Path, scripted: str) -> None:
    """A busy port is an error of one line that names --port."""
    port = str(urlsplit(scripted).port)
    with serving(tmp_path / "home", FORETYPE, "playground", "--no-open", "--port", port) as (
        _,
        process,
    ):
        assert process.wait(TIMEOUT) == 1
        assert process.stderr
        errors = process.stderr.read()
        assert len(errors.splitlines()) == 1
        assert "--port" in errors


@pytest.mark.timeout(300)  # npm installs, checks and builds
@pytest.mark.skipif(npm.missing() is not None, reason=str(npm.missing()))
def test_sources_build_the_committed_page(tmp_path: Path) -> None:
    """The sources pass their checks and build the committed page."""
    sources = npm.installed(PLAYGROUND, tmp_path)
    npm.run(sources, "npm", "run", "check")
    npm.run(sources, "node", "build.mjs", str(tmp_path / "dist"))
    committed = {path.name: path.read_bytes() for path in (PLAYGROUND / "dist").iterdir()}
    built = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    assert set(built) == set(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_lock_names_no_registry() -> None:
    """The lock file contains no address of a registry."""
    lock = json.loads((PLAYGROUND / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_bundled_licences_are_included() -> None:
    """The page contains the licences of the bundled packages."""
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
