"""Two servers on one home and one workspace; one may be killed or be of another release."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.client import TIMEOUT, Client, eventually, server
from tests.trust.faults_kills import begin, children, index_of
from tests.trust.faults_state import index_faults, state_faults
from tests.trust.outcome import Outcome

from foretype_model.predictors.copy.index.manifest import Manifest
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_server.usage import store

ROUNDS = 10
SAVES = 4
URI = "file:///nowhere/open.txt"

OTHER_RELEASE = """
import json, sys
from foretype_model.predictors.copy.index import manifest, segment_file, update
manifest.MANIFEST_FORMAT += 1
segment_file.MAGIC = b"foretype index 9\\n"
update.IndexUpdate(update.Request(*json.loads(sys.argv[1])), lambda *_: None).run()
"""


def outcomes(scale: float) -> Iterator[Outcome]:
    """Run two servers, then kill one of them, then run two releases."""
    rounds = max(1, round(ROUNDS * scale))
    with TemporaryDirectory() as folder:
        yield together(Path(folder), random.Random(0), rounds, kill=False)
    with TemporaryDirectory() as folder:
        yield together(Path(folder), random.Random(1), rounds, kill=True)
    with TemporaryDirectory() as folder:
        yield releases(Path(folder), rounds)


def together(folder: Path, rng: random.Random, rounds: int, *, kill: bool) -> Outcome:
    """Let both servers save and count repeatedly. The counts of a killed server's life and the
    files of both must remain.
    """
    home, texts = folder / "home", folder / "texts"
    texts.mkdir()
    for number in range(20):
        (texts / f"{number}.txt").write_text(f"This is text number {number}.\n" * 20)
    faults: list[str] = []
    counted = 0
    for count in range(rounds):
        with ExitStack() as stack:
            pairs = [stack.enter_context(server(home, status=None)) for _ in range(2)]
            for client, _ in pairs:
                begin(client, texts)
            for save in range(SAVES):
                for number, (client, _) in enumerate(pairs):
                    with suppress(OSError, EOFError):
                        save_and_count(
                            client, texts / f"{number}-{rng.randrange(5)}.txt", f"{count} {save}"
                        )
                if kill and save == SAVES // 2:
                    process = pairs[0][1]
                    for victim in children(process.pid):
                        subprocess.run(["kill", "-9", str(victim)], check=False)
                    process.kill()
            counted += SAVES * (1 if kill else 2)
            if not eventually(lambda: is_up_to_date(home, texts)):
                faults.append(f"{count}: the index differs from the files")
            for number, (client, process) in enumerate(pairs):
                if not (kill and number == 0):
                    faults += [f"{count}: warned: {text}" for text in client.warnings()]
                    client.shut_down()
                    process.wait(TIMEOUT)
        faults += [f"{count}: {fault}" for fault in state_faults(home, least=20)]
        found = store.sum_by("kind", store.read(home))["word"].accepted
        faults += [f"{count}: counted {found} instead of {counted}"] if found != counted else []
    claim = "two servers at once, one of them killed" if kill else "two servers at once"
    return Outcome(
        claim,
        rounds,
        rounds - len({fault.split(":")[0] for fault in faults}),
        "; ".join(faults[:3]),
    )


def save_and_count(client: Client, file: Path, text: str) -> None:
    """Save a file that only one of the two servers saves, and accept an offer."""
    file.write_text(f"This is what was saved then: {file.name} {text}.\n" * 20)
    client.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    accepted = {"kind": "word", "characters": 7, "uri": URI}
    client.request(
        "workspace/executeCommand", {"command": "foretype.accepted", "arguments": [accepted]}
    )


def is_up_to_date(home: Path, texts: Path) -> bool:
    """Return whether the index matches the files."""
    index = index_of(home)
    files = Manifest.read(index).files
    current = {str(path): path.stat().st_mtime_ns for path in texts.iterdir()}
    return {name: entry.stamp.mtime_ns for name, entry in files.items()} == current and not list(
        index_faults(index)
    )


def releases(folder: Path, rounds: int) -> Outcome:
    """Let two releases update one index in turn: each rebuilds it whole, in its own format."""
    texts, index = folder / "texts", folder / "index"
    for path in (texts, index):
        path.mkdir()
    survived = 0
    request = [[str(texts)], str(index), [], None]
    for count in range(rounds):
        (texts / f"{count}.txt").write_text(f"This is text number {count}.\n" * 20)
        other = subprocess.run(
            [sys.executable, "-c", OTHER_RELEASE, json.dumps(request)], check=False
        )
        IndexUpdate(Request([str(texts)], str(index), [], None), lambda _done, _total: None).run()
        whole = not list(index_faults(index)) and len(Manifest.read(index).files) == count + 1
        survived += other.returncode == 0 and whole and len(list(index.iterdir())) == 2
    return Outcome("two releases on one index", rounds, survived)
