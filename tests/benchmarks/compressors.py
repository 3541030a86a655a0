"""Measure the bits per character of compressors and of Foretype, in one pass over each text.

    python tests/benchmarks/compressors.py FILE... [--model NAME_OR_FILE...] [--bytes 200000]

An adaptive compressor and a model of the next byte have the same score, the bits that a text takes:
the size of the compressed file for one, the sum of -log2 p for the other. They differ in prior
knowledge, and the network's size is not counted. Each cell has the bits per character and, if it
differs, per byte. In a model's columns, `alone` is its network as it was trained. `product` is
Foretype in an editor without other texts: the adapting network and the predictor `copy` in the
mixture, all of which learn from the text as it is typed.

PPMd needs `pip install pyppmd`; without it its column stays empty.
"""

from __future__ import annotations

import argparse
import importlib
import lzma
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from foretype_model.errors import ForetypeError
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.score import bits_needed
from foretype_model.evaluation.systems import PredictorSystem
from foretype_model.predictor import Predictor, PredictorConfig
from foretype_model.predictors import load_predictors
from foretype_model.store.store import Store
from foretype_server.settings import Settings

PPMD_ORDERS: Final = (6, 12, 16)
"""Maximum context lengths of PPMd, in bytes; the row has the best of them."""

PPMD_MEMORY_BYTES: Final = 256 << 20
"""Memory limit of PPMd, in bytes."""

Predictors = Mapping[str, Mapping[str, Any]]
"""Options of each predictor by its name, as in the settings."""

NETWORK_ONLY: Final[Predictors] = {"network": {"learn": False}}


def xz(data: bytes) -> int:
    """Return the size of the output of ``xz -9e`` in bytes."""
    return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def find_ppmd() -> Callable[..., bytes] | None:
    """Return the compressor of PPMd's variant I (Shkarin 2002); None if it is not installed."""
    try:
        compress: Callable[..., bytes] = importlib.import_module("pyppmd").compress
    except ImportError:
        print("PPMd is not installed: pip install pyppmd", file=sys.stderr)
        return None
    return compress


def ppmd(compress: Callable[..., bytes], data: bytes) -> tuple[int, int]:
    """Return the size of PPMd's output in bytes with the best order, and that order."""
    return min(
        (len(compress(data, max_order=order, mem_size=PPMD_MEMORY_BYTES, variant="I")), order)
        for order in PPMD_ORDERS
    )


def predictors(model: Path, options: Predictors) -> dict[str, Predictor]:
    """Load predictors with these options, without a workspace or learnt state."""
    made, errors = load_predictors(options, PredictorConfig(model=model))
    if errors:
        raise errors[0]
    return made


def bits(model: Path, options: Predictors, text: str) -> float:
    """Return the bits of a text that is typed from its start in a new editor."""
    system = PredictorSystem("", partial(predictors, model, options), Settings().options())
    return bits_needed(system.start(), Passage("", text, ""), lambda _characters: None)


def first_bytes(path: Path, size: int) -> str:
    """Return the first `size` bytes of a file, cut at the end of a character."""
    text = path.read_bytes()[:size].decode(errors="ignore")
    return Passage.of(text, "end", len(text)).typed


def format_bits(bits: float, text: str) -> str:
    """Format the bits per character, and per byte if the text has characters of several bytes."""
    characters, size = len(text), len(text.encode())
    return f"{bits / characters:.3f}" + (f" ({bits / size:.3f})" if size > characters else "")


def row(path: Path, text: str, models: Sequence[Path]) -> Iterator[str]:
    """Yield the cells of one text, each as soon as it is computed."""
    data = text.encode()
    yield path.name
    yield f"{len(data):,}"
    yield f"{len(text):,}"
    yield format_bits(8 * xz(data), text)
    compress = find_ppmd()
    best, order = ppmd(compress, data) if compress else (0, 0)
    yield f"{format_bits(8 * best, text)} (order {order})" if compress else ""
    for model in models:
        yield format_bits(bits(model, NETWORK_ONLY, text), text)
        yield format_bits(bits(model, Settings().predictors, text), text)


def main() -> None:
    """Print a row for each file."""
    parser = argparse.ArgumentParser(
        description="Bits per character of compressors and of Foretype."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--model", nargs="+", default=["default"], metavar="NAME_OR_FILE")
    parser.add_argument(
        "--bytes", type=int, default=200_000, help="of each file, from its start (200000)"
    )
    arguments = parser.parse_args()
    try:
        models = [Store().find(name) for name in arguments.model]
    except ForetypeError as error:
        parser.error(str(error))
    titles = [f"{name} {column}" for name in arguments.model for column in ("alone", "product")]
    header = ["text", "bytes", "characters", "xz -9e", "PPMd", *titles]
    print("|", " | ".join(header), "|")
    print("|", " | ".join("---" for _ in header), "|")
    for path in arguments.files:
        print("|", end="", flush=True)
        for one in row(path, first_bytes(path, arguments.bytes), models):
            print(f" {one} |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
