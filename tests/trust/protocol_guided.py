"""Inputs from a coverage-guided fuzzer, atheris, if it is installed.

Each target is fuzzed in a process of its own, ``python -m tests.trust.protocol_guided TARGET
-runs=N``, since libFuzzer ends its process.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.trust.outcome import Outcome

ROOT: Final = Path(__file__).parents[2]
RUNS: Final = 20_000
INSTRUMENTED_MODULES: Final = (
    "foretype_server.lsp.transport", "foretype_server.lsp.protocol", "foretype_server.lsp.decoding",
    "foretype_server.settings", "foretype_server.document",
    "foretype_model.predictors.copy.index.manifest",
)  # fmt: skip
"""Modules whose branches are counted; counting them slows down everything."""

MAX_INPUT_BYTES: Final = 1024
"""Maximum size of an input, in bytes."""


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield a row for each target."""
    if importlib.util.find_spec("atheris") is None:
        reason = "not tried: atheris is missing: pip install -e '.[fuzz]'"
        yield Outcome("inputs guided by coverage", 0, 0, reason)
        return
    for target in TARGETS:
        runs = max(100, round(RUNS * RUN_SHARES.get(target, 1) * scale))
        with TemporaryDirectory() as folder, TemporaryDirectory() as home:
            command = [
                sys.executable,
                "-m",
                __name__,
                target,
                f"-runs={runs}",
                "-timeout=5",
                f"-max_len={MAX_INPUT_BYTES}",
            ]
            seeds = Path(folder)
            for number, seed in enumerate(SEEDS[target]):
                (seeds / str(number)).write_bytes(seed)
            command += ["-rss_limit_mb=2000", f"-artifact_prefix={folder}/", folder]
            environ = {**os.environ, "FORETYPE_HOME": home}
            ran = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, env=environ)
        note = "" if ran.returncode == 0 else ran.stderr.decode(errors="replace")[-1500:]
        yield Outcome(f"inputs guided by coverage: {target}", runs, 0 if note else runs, note)


def read(data: bytes) -> None:
    """Read a stream: each message in it has a body of the announced length, and the reader ends."""
    from foretype_server.lsp.transport import read_messages

    async def reading() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        async for body in read_messages(reader):
            assert body in data

    asyncio.run(reading())


def receive(data: bytes) -> None:
    """Send a message to an initialized server: it gets at most one answer."""
    from foretype_server.lsp.handlers import create_server

    sent: list[dict[str, Any]] = []

    class RecordingWriter:
        def write(self, data: bytes) -> None:
            sent.append(json.loads(data, parse_constant=_no_json))

        def close(self) -> None:
            pass

    async def conversation() -> None:
        server = create_server()
        server.protocol.prepare()
        server.protocol.set_writer(RecordingWriter(), include_headers=False)
        with server.exit_stack:
            for body in (b'{"id":0,"method":"initialize","params":{"capabilities":{}}}', data):
                server.protocol.receive(body)
                await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(conversation())
    assert len([one for one in sent if "method" not in one]) <= 2


def edit(data: bytes) -> None:
    """Edit a document; the result equals the reference."""
    import random

    from tests.trust.protocol_edits import chunks_of, faults, new_edit

    text = data.decode("utf-8", "surrogateescape")
    rng = random.Random(data)
    with chunks_of(12):
        for fault in faults(
            text, [new_edit(rng) for _ in range(8)], rng.choice(("utf-8", "utf-16", "utf-32")), rng
        ):
            raise AssertionError(fault)


def configure(data: bytes) -> None:
    """Read settings, or describe their faults."""
    from foretype_server.settings import read_settings

    try:
        layer = json.loads(data)
    except (ValueError, RecursionError):
        return
    _, problems = read_settings(layer)
    assert all(isinstance(problem, str) for problem in problems)


def manifest(data: bytes) -> None:
    """Read a manifest; an invalid one counts as empty."""
    from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest

    with TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST_FILE).write_bytes(data)
        Manifest.read(Path(folder))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    one.__name__: one for one in (read, receive, edit, configure, manifest)
}
RUN_SHARES: Final = {"receive": 0.1, "manifest": 0.5}
"""Fraction of the runs for slow targets."""

SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "read": (
        b"Content-Length: 2\r\n\r\n{}",
        b"content-length:1\nX: y\n\n1Content-Length: -1\r\n\r\n",
    ),
    "receive": (
        b'{"id":1,"method":"completionItem/resolve","params":{"label":"x","data":1}}',
        b'{"method":"textDocument/didOpen","params":{"textDocument":{"uri":"a","languageId":"","version":1,"text":""}}}',
        b'{"id":1,"result":null}',
    ),
    "edit": ("a\r\nb\r\u2028é😀".encode(),),
    "configure": (
        b'{"foretype":{"topK":1,"inline":{"enable":true},"predictors":{"copy":{}}}}',
        b'{"topP":0.5}',
    ),
    "manifest": (
        b'{"format":4,"base":"","delta":"","files":{"/a":[[1,2],"ab",""]},"skipped_files":{"/b":[[1,2],"x"]},"skipped":{"x":1},"compacted":""}',
    ),
}


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def _fuzz() -> None:
    import atheris

    target = TARGETS[sys.argv.pop(1)]
    with atheris.instrument_imports(include=list(INSTRUMENTED_MODULES)):
        from foretype_model.predictors.copy.index import manifest  # noqa: F401
        from foretype_server import document, settings  # noqa: F401
        from foretype_server.lsp import (
            decoding,  # noqa: F401
            protocol,  # noqa: F401
            transport,  # noqa: F401
        )
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz()
