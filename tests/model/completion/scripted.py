"""Completers that expect given texts."""

from __future__ import annotations

import pytest

from foretype_model.completion.completer import Completer
from foretype_model.predictors.scripted import ScriptedPredictor

TEXTS = [
    "hello world, my naïve friend 👩‍👩‍👧 ok",
    "help me",
    "return self.value",
    "日本語の文章です",
    "print(x)",
]


def completer(*texts: str) -> Completer:
    """Return a completer that expects `texts`, by default `TEXTS`. A failing predictor fails the
    test.
    """
    return Completer(
        {"scripted": ScriptedPredictor(texts or TEXTS)},
        lambda name, error: pytest.fail(f"{name}: {error}"),
    )
