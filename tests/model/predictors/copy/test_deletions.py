"""Text that was deleted right after it was typed, by the user or by an input method."""

from __future__ import annotations

import numpy as np
import pytest

from foretype_model.predictors.copy.predictor import CopyPredictor

URI = "file:///a.txt"


def typed(*texts: str) -> CopyPredictor:
    """Return a predictor that has observed the texts before the cursor, one after the other."""
    predictor = CopyPredictor()
    for text in texts:
        while predictor.observe(URI, text.encode(), b""):
            pass
    return predictor


def keys(before: str, text: str) -> list[str]:
    """Return the texts while `text` is typed after `before`."""
    return [before + text[:end] for end in range(1, len(text) + 1)]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("borwn fox ", "brown fox "), ("ni'hao", "你好"), ("ni hao", "你好"), ("かんじ", "漢字")],
)
def test_deleted_text_is_not_copied(slip: str, meant: str) -> None:
    """A predictor that saw a slip equals one that never did."""
    start = "第一 the quick "
    right = [start, *keys(start, meant), f"{start}{meant}\nand the quick "]
    with_slip = typed(start, *keys(start, slip), *right)
    without = typed(*right)
    for before in (start, start + slip[:1], start + meant[:1], f"and the quick {slip[:3]}"):
        rows = [
            one.predict([one.feed(one.start(), before.encode())]) for one in (with_slip, without)
        ]
        assert np.array_equal(*rows)


def test_deleted_paragraph_is_copied() -> None:
    """Text that stood for long, and was deleted with other text, may be wanted elsewhere."""
    paragraph = "the observatory on Quillfeather Hill is open. " * 8
    one = typed(paragraph, paragraph + "x ", "", "the observatory on Quill")
    (row,) = one.predict([one.feed(one.start(), b"the observatory on Quill")])
    assert chr(int(row.argmax())) == "f"
