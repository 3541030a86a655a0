"""Inputs that a fuzzer makes from what it sees of the code that they reach, with atheris where that
is installed.

Each target is fuzzed in a process of its own, ``python -m tests.trust.protocol_guided TARGET
-runs=N``, for libFuzzer ends the one it runs in.
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
    "foretype_server.lsp.transport", "foretype_server.lsp.protocol",
    "foretype_server.settings", "foretype_server.document",
    "foretype_model.predictors.copy.index.manifest",
)  # fmt: skip
"""The modules whose branches are counted: to count them slows all of it down."""

MAX_INPUT_BYTES: Final = 1024
"""Bytes of an input."""


def outcomes(scale: float) -> Iterator[Outcome]:
    """A row for each target."""
    if importlib.util.find_spec("atheris") is None:
        yield Outcome(
            "inputs guided by coverage", 0, 0, "not run: atheris is missing, install foretype[fuzz]"
        )
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
    """A stream: all messages that are found in it are bodies of the length that was told, and it
    ends.
    """
    from foretype_server.lsp.transport import read_messages

    async def reading() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        async for body in read_messages(reader):
            assert body in data

    asyncio.run(reading())


def receive(data: bytes) -> None:
    """A message to a server that has been initialized: it is answered, once, if it is a request."""
    from foretype_server.lsp.handlers import create_server

    sent: list[dict[str, Any]] = []

    class RecordingWriter:
        def write(self, told: bytes) -> None:
            sent.append(json.loads(told, parse_constant=_no_json))

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
    """Edits of a document equal the reference's."""
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
    """Settings are read, or told what is wrong with them."""
    from foretype_server.settings import read_settings

    try:
        layer = json.loads(data)
    except (ValueError, RecursionError):
        return
    _, problems = read_settings(layer)
    assert all(isinstance(problem, str) for problem in problems)


def manifest(data: bytes) -> None:
    """A manifest is read, or taken for an empty one."""
    from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest

    with TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST_FILE).write_bytes(data)
        Manifest.read(Path(folder))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    one.__name__: one for one in (read, receive, edit, configure, manifest)
}
RUN_SHARES: Final = {"receive": 0.1, "manifest": 0.5}
"""Of the runs, where each takes long."""

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
            protocol,  # noqa: F401
            transport,  # noqa: F401
        )
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz()
