"""A small n-gram model, counted over a few sentences."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from default_model.ngrams import Limits, make
from foretype_model.predictors.ngrams import kernel, model_file
from foretype_model.predictors.ngrams.native_rows import NativeRows, Rows
from foretype_model.predictors.ngrams.predictor import NgramsPredictor
from foretype_model.predictors.ngrams.rows import NumpyRows
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

SENTENCES = """\
The quick brown fox jumps over the lazy dog. The quick brown fox doesn't jump over the users' dogs.
Kind regards, and thank you for the quick answer!

"Please find attached the answer," she said; “don’t” he said – and the lazy dog slept.
Über den Fluss: die Füchse sind schnell (und die Hunde schlafen) – Über den Fluss.
Please find attached the quick answer to the question, which is long enough for a line of text
that is broken. Kind regards, the fox. Kind regards, the dog. 日本語 and the 日本語 text.
"""
TEXTS = [("", SENTENCES), ("", SENTENCES[40:]), ("de", SENTENCES), ("", SENTENCES[:400])]


def write(path: Path) -> None:
    make(TEXTS, path, Limits(400, 300, 200))


@cache
def small_file() -> Path:
    path = Path(mkdtemp()) / "small.ngrams"
    write(path)
    return path


@cache
def arrays() -> model_file.NgramArrays:
    return model_file.read(small_file())


@cache
def numpy_rows() -> NumpyRows:
    return NumpyRows(arrays())


@cache
def native_rows() -> NativeRows | None:
    native = kernel.library()
    return NativeRows(arrays(), native) if native else None


@cache
def predictor(native: bool = False) -> NgramsPredictor:
    rows: Rows | None = native_rows() if native else numpy_rows()
    assert rows
    return NgramsPredictor(rows, Vocabulary(arrays()))
