"""Fit the escape table: the share that each class of context claims of the probability (see `ppm`).

    python -m default_model.fit_escapes CORPUS WHEELS

makes it anew for the bundled network, in five minutes on one core. CORPUS is unpacked and has the
folders docs, prose and multilingual; WHEELS has the packages that ``escape-packages.txt`` beside
this file names, with the command that downloads them. The table is fitted to one half of the texts
that `escape_cases` draws, and scored on the other.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from default_model.escape_cases import Case, TypedPassage, cases
from default_model.exit_status import exit_status
from foretype_model.files.atomic import atomic_write
from foretype_model.predictors.copy import ppm
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.ppm import MAX_TOTAL, MIN_REMAINING, TABLE_SHAPE
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.store import store

STEPS: Final = 80
LEARNING_RATE: Final = 0.15

PRIOR_DEVIATION: Final = 0.5
"""Prior standard deviation of a single cell's log-odds from those of its classes."""

NETWORK_CONTEXT_BYTES: Final = 4_000
"""Bytes before a passage that the network reads: earlier text no longer affects it."""

MIN_CONFIDENCE: Final = 0.001
"""Bounds of a share: nothing is impossible or (see `MAX_TOTAL`) certain; the table has three
decimals.
"""


class Replay(NamedTuple):
    """The knowledge about each byte of a text at the time it was typed.

    Attributes:
        buckets: of each level the cell in the flattened table, byte after byte, the longest context
            first.
        shares: the share of the byte that was typed in each level.
        owners: which byte each level is for, ascending.
        network: the network's probability of each byte.
    """

    buckets: Tensor
    shares: Tensor
    owners: Tensor
    network: Tensor


class TableScore(NamedTuple):
    """Bits per byte of one kind of text: of the network alone, with the table in use, and with the
    new one.
    """

    kind: str
    size: int
    network: float
    before: float
    after: float


def replay(passage: TypedPassage, segments: tuple[FMIndex, ...], network: Network) -> Replay:
    """Type a passage as in an editor, where each byte is observed before the next one is
    predicted.
    """
    copy = CopyPredictor()
    copy.segments = segments
    state = copy.feed(copy.start(), passage.before)
    reader = network.feed(network.start(), passage.before[-NETWORK_CONTEXT_BYTES:])
    levels, probabilities = list[tuple[int, float, int]](), []
    for i, byte in enumerate(passage.typed):
        while copy.observe("untitled:typed", passage.before + passage.typed[:i], b""):
            pass
        for order, kind, count, max_count, shares in copy.order_stats(state):
            share = shares.get(byte, 0.0) if isinstance(shares, dict) else float(shares[byte])
            levels.append((ppm.bucket(kind, order, count, max_count), share, i))
        probabilities.append(float(np.exp(reader.log_probabilities[byte])))
        state = copy.step([state], [byte])[0]
        reader = network.step([reader], [byte])[0]
    buckets, part, owners = zip(*levels, strict=True) if levels else ((), (), ())
    whole = torch.int64
    return Replay(
        torch.tensor(buckets, dtype=whole),
        torch.tensor(part, dtype=torch.float64),
        torch.tensor(owners, dtype=whole),
        torch.tensor(probabilities, dtype=torch.float64),
    )


def joined(replays: Iterable[Replay]) -> Replay:
    """Join several texts into one."""
    buckets, shares, owners, network = zip(*replays, strict=True)
    starts = np.cumsum([0, *map(len, network)])
    shifted = [owner + int(start) for owner, start in zip(owners, starts, strict=False)]
    return Replay(torch.cat(buckets), torch.cat(shares), torch.cat(shifted), torch.cat(network))


def probabilities(table: Tensor, known: Replay) -> Tensor:
    """Return the probability of each byte, shape (bytes,), by `ppm.distribution` over the network,
    with a flattened escape table.
    """
    confidence = table.double()[known.buckets]
    passed_on = torch.log1p(-confidence)
    before = torch.cumsum(passed_on, 0) - passed_on
    first = torch.searchsorted(known.owners, known.owners)
    left = torch.exp(before - before[first])
    assigned = confidence * left * (left >= MIN_REMAINING)
    nothing = torch.zeros(len(known.network), dtype=torch.float64)
    copied = nothing.index_add(0, known.owners, assigned * known.shares)
    total = nothing.index_add(0, known.owners, assigned)
    scale = MAX_TOTAL / total.clamp(min=MAX_TOTAL)
    return copied * scale + (1 - total * scale) * known.network


class EscapeTable(nn.Module):
    """Log-odds of a share as a sum over the classes, and a correction for each cell.

    Cells that occur seldom follow their classes (a log-linear model with shrunken interactions).
    """

    def __init__(self) -> None:
        super().__init__()
        kinds, orders, frequencies, determinisms = TABLE_SHAPE
        self.order = nn.Parameter(torch.zeros(kinds, orders, 1, 1))
        self.frequency = nn.Parameter(torch.zeros(kinds, 1, frequencies, 1))
        self.determinism = nn.Parameter(torch.zeros(kinds, 1, 1, determinisms))
        self.single = nn.Parameter(torch.zeros(TABLE_SHAPE))

    def confidence(self) -> Tensor:
        """Return the shares, of shape `TABLE_SHAPE`."""
        odds = self.order + self.frequency + self.determinism + self.single
        confidence: Tensor = MIN_CONFIDENCE + (MAX_TOTAL - MIN_CONFIDENCE) * torch.sigmoid(odds)
        return confidence

    def penalty(self) -> Tensor:
        """Return minus the logarithm of the prior of the corrections, up to a constant."""
        return self.single.square().sum() / (2 * PRIOR_DEVIATION**2)


def fit(known: Replay) -> Tensor:
    """Return the table of shape `TABLE_SHAPE` under which the bytes are most probable (Adam, Kingma
    and Ba 2015).
    """
    table = EscapeTable()
    optimizer = torch.optim.Adam(table.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nats = -probabilities(table.confidence().flatten(), known).log().sum()
        loss = (nats + table.penalty()) / len(known.network)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return table.confidence().detach()


def write(table: Tensor, destination: Path) -> None:
    """Format the table as `ppm` reads it: nested lists of `TABLE_SHAPE`, three decimals."""
    rounded = table.double().numpy().round(3).tolist()
    with atomic_write(destination) as temporary:
        temporary.write_text(json.dumps(rounded) + "\n", "ascii")


def make(texts: Iterable[Case], network: Network, destination: Path) -> list[TableScore]:
    """Fit the table to every other passage and write it; return scores on the rest, by kind of
    text.
    """
    fitted: list[Replay] = []
    held_out: dict[str, list[Replay]] = {}
    for case in texts:
        segments = (FMIndex.build(case.workspace),) if case.workspace else ()
        for i, passage in enumerate(case.passages):
            half = held_out.setdefault(case.kind, []) if i % 2 else fitted
            half.append(replay(passage, segments, network))
    old, new = torch.tensor(ppm.escape_table()), fit(joined(fitted))
    write(new, destination)
    held_out["all"] = [known for replays in held_out.values() for known in replays]
    return [
        _score(kind, joined(replays), old, new) for kind, replays in held_out.items() if replays
    ]


def _score(kind: str, known: Replay, old: Tensor, new: Tensor) -> TableScore:
    ways = (known.network, probabilities(old, known), probabilities(new.flatten(), known))
    bits = (float(-way.log2().mean()) for way in ways)
    return TableScore(kind, len(known.network), *bits)


def install(corpus: Path, wheels: Path) -> None:
    """Replace the table of this installation and print the change in bits."""
    torch.set_num_threads(1)
    destination = Path(str(files("foretype_model").joinpath("data/escapes.json")))
    print(f"{'bits per byte':20} {'bytes':>8} {'network':>8} {'before':>8} {'after':>8}")
    for score in make(cases(corpus, wheels), Network.open(store.BUNDLED), destination):
        print(
            f"{score.kind:20} {score.size:8} {score.network:8.3f} {score.before:8.3f} "
            f"{score.after:8.3f}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the table as the command line says, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m default_model.fit_escapes")
    parser.add_argument("corpus", metavar="CORPUS", type=Path)
    parser.add_argument("wheels", metavar="WHEELS", type=Path)
    given = parser.parse_args(arguments)
    return exit_status(lambda: install(given.corpus, given.wheels))


if __name__ == "__main__":
    sys.exit(main())
