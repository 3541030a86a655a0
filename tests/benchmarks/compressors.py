"""Bits per character of general compressors and of Foretype, each text read once from its start.

    python tests/benchmarks/compressors.py FILE... [--model NAME_OR_FILE...] [--bytes 200000]

A compressor that learns as it goes and a model that predicts the next byte are scored alike: what a
text takes in bits, the first by the file it writes and the other by -log2 p. The difference is what
each knew beforehand, and the network's own size is not counted. Each cell has bits per character
and, where that is another, per byte. In a model's columns, `alone` is its network as it was
trained; `product` is what an editor gets that has read nothing else: the network, which adapts, and
the predictor `copy` in the mixture, all of which learn from the text as it is typed.

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
"""Bytes of the longest context of PPMd; the best order is told."""

PPMD_MEMORY_BYTES: Final = 256 << 20
"""Bytes that PPMd may take."""

Predictors = Mapping[str, Mapping[str, Any]]
"""Each one's options by name, as in the settings."""

NETWORK_ONLY: Final[Predictors] = {"network": {"learn": False}}


def xz(data: bytes) -> int:
    """The bytes that ``xz -9e`` makes of them."""
    return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def find_ppmd() -> Callable[..., bytes] | None:
    """PPMd's variant I (Shkarin 2002), where it is installed."""
    try:
        compress: Callable[..., bytes] = importlib.import_module("pyppmd").compress
    except ImportError:
        print("There is no PPMd here: pip install pyppmd", file=sys.stderr)
        return None
    return compress


def ppmd(compress: Callable[..., bytes], data: bytes) -> tuple[int, int]:
    """The bytes that the best order makes of them, and that order."""
    return min(
        (len(compress(data, max_order=order, mem_size=PPMD_MEMORY_BYTES, variant="I")), order)
        for order in PPMD_ORDERS
    )


def predictors(model: Path, wanted: Predictors) -> dict[str, Predictor]:
    """The predictors `wanted`, which have neither a workspace nor anything that was learnt
    before.
    """
    made, errors = load_predictors(wanted, PredictorConfig(model=model))
    if errors:
        raise errors[0]
    return made


def bits(model: Path, wanted: Predictors, text: str) -> float:
    """What a text takes that is typed from its start into an editor where nothing was typed
    before.
    """
    system = PredictorSystem("", partial(predictors, model, wanted), Settings().options())
    return bits_needed(system.start(), Passage("", text, ""), lambda _characters: None)


def first_bytes(path: Path, size: int) -> str:
    """The first `size` bytes of a file, cut where a character ends."""
    text = path.read_bytes()[:size].decode(errors="ignore")
    return Passage.of(text, "end", len(text)).typed


def format_bits(bits: float, text: str) -> str:
    """Bits per character, and per byte where the text has characters of several."""
    characters, size = len(text), len(text.encode())
    return f"{bits / characters:.3f}" + (f" ({bits / size:.3f})" if size > characters else "")


def row(path: Path, text: str, models: Sequence[Path]) -> Iterator[str]:
    """The cells of one text, one by one as they are found."""
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
    """A row for each file."""
    parser = argparse.ArgumentParser(
        description="Bits per character of compressors and of Foretype."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--model", nargs="+", default=["default"], metavar="NAME_OR_FILE")
    parser.add_argument(
        "--bytes", type=int, default=200_000, help="of each file, from its start (200000)"
    )
    given = parser.parse_args()
    try:
        models = [Store().find(name) for name in given.model]
    except ForetypeError as error:
        parser.error(str(error))
    titles = [f"{name} {what}" for name in given.model for what in ("alone", "product")]
    header = ["text", "bytes", "characters", "xz -9e", "PPMd", *titles]
    print("|", " | ".join(header), "|")
    print("|", " | ".join("---" for _ in header), "|")
    for path in given.files:
        print("|", end="", flush=True)
        for one in row(path, first_bytes(path, given.bytes), models):
            print(f" {one} |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
