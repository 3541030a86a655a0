"""Fit the mixer table: the exponents with which the default predictors are mixed (`log_mixer`).

    python -m default_model.fit_mixer WHEELS CORPUS...

makes it anew for the bundled models, in a quarter of an hour on two cores. WHEELS and CORPUS are
those of `default_model.fit_escapes`, which is to be run before. A table that is fitted to one half
of the held-back texts that `escape_cases` draws is scored on the other; the table that is written
is fitted to all of them. Twice as many texts make it 0.5 % better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from default_model.escape_cases import Case, TypedPassage, held_back_cases
from default_model.exit_status import exit_status
from default_model.fit_escapes import NETWORK_CONTEXT_BYTES
from foretype_model.files.atomic import atomic_write
from foretype_model.predictor import Predictor, PredictorConfig
from foretype_model.predictors import log_mixer
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.log_mixer import TEXT, LogMixer, MixerWeights, sets_of
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.ngrams.predictor import create as create_ngrams
from foretype_model.store import store
from foretype_model.text.rope import Rope

STEPS: Final = 120
LEARNING_RATE: Final = 0.05
DRAWN_BYTES: Final = {"code": 16_000, "docs": 8_000, "prose": 12_000, "multilingual": 6_000}
"""Of the fit: Adam (Kingma and Ba 2015) on draws of so many bytes of each kind of text, the rate
falling to 0. With draws from all texts alike, code took 3 % more bits.
"""

WEIGHT_DECAY: Final = 1e-4
"""Factor of the squared addends in the loss: a set that was seen seldom stays near 0."""

PART_PASSAGES: Final = 10
"""Passages that a process types at a time: an even number, as every other one is held out."""

MEMBERS: Final = ("network", "copy", "ngrams")
"""The members of the mixture; the first one is its base."""

SELECTING: Final = (*MEMBERS, TEXT)
"""The members and the end of the text, which each select a weight set."""


class Replay(NamedTuple):
    """The mixture at each byte of a text, at the time it was typed.

    Attributes:
        log_x: the logarithms of the layers, shape (bytes, members, 256), float16.
        weight_sets: the weight set that each of SELECTING selects, shape (bytes, selecting).
        typed: the bytes that were typed, shape (bytes,).
    """

    log_x: NDArray[np.float16]
    weight_sets: NDArray[np.int64]
    typed: NDArray[np.int64]


class MixerScore(NamedTuple):
    """Bits per byte of one kind of text: of the network, the neutral mixture and the fitted one."""

    kind: str
    size: int
    network: float
    neutral: float
    fitted: float


def replay(passage: TypedPassage, members: dict[str, Predictor]) -> Replay:
    """Type a passage as in an editor, where each byte is observed and learnt from before the next
    one is predicted.
    """
    mixture, mixer = Mixture(members), LogMixer(MEMBERS, MixerWeights())
    state = mixture.feed(mixture.start(), passage.before[-NETWORK_CONTEXT_BYTES:])
    log_x, weight_sets = [], []
    for i, byte in enumerate(passage.typed):
        while mixture.observe(
            "untitled:typed", Rope.of(passage.before + passage.typed[:i]), Rope.of(b"")
        ):
            pass
        mixed = mixer.mix(np.exp(mixture.predictions([state])), 0, [state.context])
        log_x.append(np.array([layer.log_x[0] for layer in mixed.layers], np.float16))
        weight_sets.append([int(mixed.selected[one][0]) for one in SELECTING])
        mixer.learn(mixed, byte)
        state = mixture.step([state], [byte])[0]
    typed = np.frombuffer(passage.typed, np.uint8).astype(np.int64)
    return Replay(np.array(log_x), np.array(weight_sets), typed)


def fit(
    replays: Mapping[str, Sequence[Replay]],
) -> dict[tuple[str, str], NDArray[np.float32]]:
    """Return the addends to the exponents, by (one of SELECTING, weighted member)."""
    parts = {kind: _joined(some) for kind, some in replays.items()}
    # addends[i][s, j]: to the exponent of member j, when SELECTING[i] selects set s.
    addends = [torch.zeros(sets_of(one), len(MEMBERS), requires_grad=True) for one in SELECTING]
    optimizer = torch.optim.Adam(addends, LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        drawn = [_drawn(known, DRAWN_BYTES[kind], rng) for kind, known in parts.items()]
        log_x, sets, typed = (torch.cat(tensors) for tensors in zip(*drawn, strict=True))
        nats = torch.nn.functional.cross_entropy(_mixed(log_x.float(), sets, addends), typed)
        loss = nats + WEIGHT_DECAY * sum(some.square().sum() for some in addends)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return {
        (one, two): some.detach().numpy()[:, j]
        for one, some in zip(SELECTING, addends, strict=True)
        for j, two in enumerate(MEMBERS)
    }


def _joined(replays: Sequence[Replay]) -> Replay:
    """Join several texts into one."""
    return Replay(*(np.concatenate(arrays) for arrays in zip(*replays, strict=True)))


def _drawn(known: Replay, count: int, rng: np.random.Generator) -> list[Tensor]:
    """Draw some bytes of a text: their layers, weight sets, and the bytes themselves."""
    some = rng.choice(len(known.typed), min(count, len(known.typed)), replace=False)
    return [torch.from_numpy(array[some]) for array in known]


def _mixed(log_x: Tensor, sets: Tensor, addends: Sequence[Tensor]) -> Tensor:
    """Return the logits of `LogMixer.mix`, shape (bytes, 256)."""
    exponents = 1 + sum(some[sets[:, i]] for i, some in enumerate(addends))
    base = log_x[:, :1]
    factors = torch.cat([base, log_x[:, 1:] - base], 1)
    return torch.einsum("nm,nmb->nb", exponents, factors)


def bits(known: Replay, fitted: dict[tuple[str, str], NDArray[np.float32]]) -> float:
    """Return the bits of a text, with the exponents learning on from `fitted`."""
    addends = [np.stack([fitted[one, two] for two in MEMBERS], 1) for one in SELECTING]
    factors = known.log_x.astype(np.float32)
    factors[:, 1:] -= factors[:, :1]
    nats = 0.0
    for x, sets, byte in zip(factors, known.weight_sets, known.typed, strict=True):
        exponents = 1 + sum(some[sets[i]] for i, some in enumerate(addends))
        log_p = exponents @ x
        log_p -= log_p.max()
        log_p -= np.log(np.exp(log_p).sum())
        nats -= float(log_p[byte])
        gradient = x[:, byte] - x @ np.exp(log_p)
        for i, some in enumerate(addends):
            some[sets[i]] += log_mixer.EXPONENT_LEARNING_RATE * gradient
    return nats / float(np.log(2))


def write(fitted: dict[tuple[str, str], NDArray[np.float32]], destination: Path) -> None:
    """Write the table as `log_mixer.fitted_exponents` reads it, with three decimals."""
    table = {
        one: {two: [round(float(value), 3) for value in fitted[one, two]] for two in MEMBERS}
        for one in SELECTING
    }
    with atomic_write(destination) as temporary:
        temporary.write_text(json.dumps(table) + "\n", "ascii")


def make(texts: Iterable[Case], destination: Path) -> list[MixerScore]:
    """Fit the table to all passages and write it; return how one that is fitted to every other
    passage scores on the rest, by kind of text.
    """
    known: dict[str, list[Replay]] = {}
    with ProcessPoolExecutor() as processes:
        for kind, replays in processes.map(_replays, _parts(texts)):
            known.setdefault(kind, []).extend(replays)
    fitted = fit({kind: replays[::2] for kind, replays in known.items()})
    neutral = {
        (one, two): np.zeros(sets_of(one), np.float32) for one in SELECTING for two in MEMBERS
    }
    scores = [
        _score(kind, replays[1::2], neutral, fitted)
        for kind, replays in known.items()
        if len(replays) > 1
    ]
    write(fit(known), destination)
    return scores


def _parts(texts: Iterable[Case]) -> Iterator[Case]:
    """Cut cases into parts of PART_PASSAGES passages."""
    for case in texts:
        for first in range(0, len(case.passages), PART_PASSAGES):
            yield case._replace(passages=case.passages[first : first + PART_PASSAGES])


def _replays(case: Case) -> tuple[str, list[Replay]]:
    """Type the passages of a case into the bundled models."""
    network, ngrams = _models()
    segments = (FMIndex.build(case.workspace),) if case.workspace else ()
    replays = []
    for passage in case.passages:
        copy = CopyPredictor()
        copy.segments = segments
        members: dict[str, Predictor] = {
            "network": NetworkPredictor(network),
            "copy": copy,
            "ngrams": ngrams,
        }
        replays.append(replay(passage, members))
    return case.kind, replays


@cache
def _models() -> tuple[Network, Predictor]:
    """Open the bundled models, once in a process."""
    return Network.open(store.BUNDLED), create_ngrams(PredictorConfig())


def _score(
    kind: str,
    replays: Sequence[Replay],
    neutral: dict[tuple[str, str], NDArray[np.float32]],
    fitted: dict[tuple[str, str], NDArray[np.float32]],
) -> MixerScore:
    size = sum(len(known.typed) for known in replays)
    network = sum(
        -float(known.log_x[range(len(known.typed)), 0, known.typed].astype(np.float32).sum())
        for known in replays
    ) / float(np.log(2))
    ways = (
        network,
        sum(bits(known, neutral) for known in replays),
        sum(bits(known, fitted) for known in replays),
    )
    return MixerScore(kind, size, *(total / size for total in ways))


def install(wheels: Path, corpora: Sequence[Path]) -> None:
    """Replace the table of this installation and print the change in bits."""
    torch.set_num_threads(1)
    destination = Path(str(files("foretype_model").joinpath("data/mixer.json")))
    print(f"{'bits per byte':20} {'bytes':>8} {'network':>8} {'neutral':>8} {'fitted':>8}")
    for score in make(held_back_cases(corpora, wheels), destination):
        print(
            f"{score.kind:20} {score.size:8} {score.network:8.3f} {score.neutral:8.3f} "
            f"{score.fitted:8.3f}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the table as the command line says, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m default_model.fit_mixer")
    parser.add_argument("wheels", metavar="WHEELS", type=Path)
    parser.add_argument("corpora", metavar="CORPUS", type=Path, nargs="+")
    given = parser.parse_args(arguments)
    return exit_status(lambda: install(given.wheels, given.corpora))


if __name__ == "__main__":
    sys.exit(main())
