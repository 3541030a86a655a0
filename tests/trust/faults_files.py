"""Truncated or damaged model files and indexes: the error is one line, and nothing else fails."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.client import server
from tests.trust.faults_state import index_faults
from tests.trust.outcome import Outcome

from foretype_model.errors import BrokenIndexError, ModelError
from foretype_model.predictors.copy.index.erase import mask_word
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.network.runtime import Network, OnnxBackend, open_session
from foretype_model.store.store import BUNDLED

KILOBYTE = 1024
FLIPS = 300
DAMAGES = 2000
"""Models with one inverted bit each (`FLIPS`), and damages to an index, of four kinds (`DAMAGES`).
"""

TEXT = "The treasurer of our society is Philippa Wainwright.\n"
URI = "file:///nowhere/open.txt"


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield the outcomes for models, then for indexes."""
    rng = random.Random(0)
    with TemporaryDirectory() as folder:
        yield truncated_models(Path(folder) / "model.onnx", max(1, round(1 / scale)))
        yield flipped_models(Path(folder) / "flipped.onnx", rng, max(5, round(FLIPS * scale)))
    with TemporaryDirectory() as folder:
        yield served_models(Path(folder), rng, max(1, round(10 * scale)))
    with TemporaryDirectory() as folder:
        yield damaged_shards(Path(folder), rng, max(40, round(DAMAGES * scale)))
        yield damaged_indexes(Path(folder), rng, max(8, round(DAMAGES * scale / 20)))


def truncated_models(path: Path, every: int) -> Outcome:
    """Open the default model truncated at every kilobyte, or at every `every`-th one."""
    shutil.copy(BUNDLED, path)
    ends = range((path.stat().st_size - 1) // KILOBYTE * KILOBYTE, -1, -KILOBYTE * every)
    refused = 0
    for end in ends:
        os.truncate(path, end)
        refused += is_refused(path)
    return Outcome("a model truncated at every kilobyte", len(ends), refused)


def is_refused(path: Path) -> bool:
    """Return whether opening the model raises an error of one line."""
    try:
        Network.open(path)
    except ModelError as error:
        return "\n" not in str(error)
    return False


def flipped_models(path: Path, rng: random.Random, flips: int) -> Outcome:
    """Open a model with one inverted bit in both runtimes: it is refused or predicts the same."""
    whole = BUNDLED.read_bytes()
    expected = [predicted(open_network(BUNDLED)) for open_network in RUNTIMES]
    near_the_ends = [*range(4000), *range(len(whole) - 4000, len(whole))]
    survived = refused = 0
    for flip in range(flips):
        damaged = bytearray(whole)
        at = rng.choice(near_the_ends) if flip % 3 == 0 else rng.randrange(len(whole))
        damaged[at] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        found = [predicted_or_refused(path, open_network) for open_network in RUNTIMES]
        survived += all(
            one in ("refused", as_whole) for one, as_whole in zip(found, expected, strict=True)
        )
        refused += found == ["refused"] * len(RUNTIMES)
    return Outcome("a model with an inverted bit", flips, survived, f"{refused} were refused")


def open_in_onnx_runtime(path: Path) -> Network:
    """Open a model in ONNX Runtime, even if native code could run it."""
    session, metadata = open_session(path)
    return Network(OnnxBackend(session, metadata.word_rows), metadata)


RUNTIMES = (Network.open, open_in_onnx_runtime)


def predicted_or_refused(path: Path, open_network: Callable[[Path], Network]) -> list[bytes] | str:
    """Return the model's predictions, or "refused" if it is refused in one line, else the error."""
    try:
        return predicted(open_network(path))
    except ModelError as error:
        return str(error) if "\n" in str(error) else "refused"


def predicted(network: Network) -> list[bytes]:
    """Return the log-probabilities of the byte after each byte of `TEXT`, as raw bytes."""
    state, found = network.start(), []
    for byte in TEXT.encode():
        state = network.step([state], [byte])[0]
        found.append(state.log_probabilities.tobytes())
    return found


def served_models(folder: Path, rng: random.Random, times: int) -> Outcome:
    """Serve with a truncated model in use: it is reported once, and another model replaces it."""
    home = folder / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "in-use.json").write_text(json.dumps({"name": "mine", "paths": {}}))
    whole = BUNDLED.read_bytes()
    survived = 0
    for _ in range(times):
        (home / "models" / "mine.onnx").write_bytes(whole[: rng.randrange(len(whole))])
        with server(home) as (client, _):
            client.initialize(
                {"predictors": {"network": {}, "scripted": {"texts": ["hello world"]}}}
            )
            client.open(URI, "hello ")
            items = client.completions(URI, 0, 6)["items"]
            survived += bool(items) and len(client.warnings()) == 1
    return Outcome("a server with a truncated model", times, survived)


def damaged(whole: bytes, kind: int, rng: random.Random) -> bytes:
    """Return the content with a bit inverted, truncated, replaced or partly overwritten."""
    content, at = bytearray(whole), rng.randrange(len(whole))
    if kind == 0:
        content[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del content[at:]
    elif kind == 2:
        return rng.randbytes(at)
    else:
        length = min(len(whole) - at, rng.randrange(1, 200))
        content[at : at + length] = rng.randbytes(length)
    return bytes(content)


def damaged_shards(folder: Path, rng: random.Random, damages: int) -> Outcome:
    """Open a damaged segment: it must be refused, found damaged, or be unchanged."""
    segment = FMIndex.build(
        [
            (f"/{n}.txt", f"the quick brown fox {n} jumps over the lazy dog\n".encode() * 20)
            for n in range(5)
        ]
    )
    path = folder / "a.shard"
    segment.save(path)
    whole = path.read_bytes()
    survived = 0
    for damage in range(damages):
        path.unlink()
        path.write_bytes(damaged(whole, damage % 4, rng))
        try:
            survived += not FMIndex.open(path).is_intact or path.read_bytes() == whole
        except BrokenIndexError:
            survived += 1
    path.unlink()
    return Outcome("a damaged segment of an index", damages, survived)


def damaged_indexes(folder: Path, rng: random.Random, damages: int) -> Outcome:
    """Damage an index, open it, forget a word and update it: it must match the files again."""
    texts, index = folder / "texts", folder / "index"
    for path in (texts, index):
        path.mkdir()
    for number in range(6):
        (texts / f"{number}.txt").write_text(f"{TEXT}This is text number {number}.\n" * 10)
    faults: list[str] = []
    for damage in range(damages):
        update_index(texts, index)
        victim = rng.choice([path for path in index.iterdir() if path.name != "lock"])
        content = other_version if victim.name == MANIFEST_FILE and damage % 5 == 4 else damaged
        victim.write_bytes(content(victim.read_bytes(), damage % 4, rng))
        (texts / f"{damage % 6}.txt").write_text(f"{TEXT}This text was changed, {damage}.\n" * 10)
        faults += [f"{damage}: {fault}" for fault in use_damaged(texts, index)]
    return Outcome(
        "a damaged index",
        damages,
        damages - len({one.split(":")[0] for one in faults}),
        "; ".join(faults[:3]),
    )


def other_version(manifest: bytes, _kind: int, rng: random.Random) -> bytes:
    """Return the manifest of another release, or with other sizes and times of the files."""
    values = json.loads(manifest)
    if rng.random() < 0.5:
        return json.dumps({**values, "format": values["format"] + 1, "more": 1}).encode()
    files = {
        name: [[1, 1], sha256, segment] for name, (_, sha256, segment) in values["files"].items()
    }
    return json.dumps({**values, "files": files}).encode()


def use_damaged(texts: Path, index: Path) -> Iterator[str]:
    """Open the damaged index, mask words in it and update it; yield the faults."""
    workspace = Workspace((texts,), index)
    known = {str(path): path.read_bytes() for path in texts.iterdir()}
    for segment in workspace.open():
        for word in (b"treasurer", b"Wainwright"):
            mask_word(segment, word)
        for name in set(segment.names) - segment.masked_names:
            if segment.is_intact and segment.document(name) != known.get(name):
                yield f"{name} would be offered with other content"
    update_index(texts, index)
    yield from index_faults(index, least=len(known))
    if set(Manifest.read(index).files) != set(known):
        yield "the indexed files differ from those on disk"


def update_index(texts: Path, index: Path) -> None:
    """Update the index as the child process does."""
    IndexUpdate(Request([str(texts)], str(index), (), None), lambda _done, _total: None).run()
