"""Text that an input method may still replace."""

from __future__ import annotations

import pytest

from foretype_model.text.input_method import composing_suffix, is_composition


@pytest.mark.parametrize(
    ("before", "composing"),
    [
        ("hello wor", ""),
        ("你好ni hao", "ni hao"),
        ("今天ni'hao", "ni'hao"),
        ("今天ni3", "ni3"),
        ("今天，\nwo", "wo"),
        ("日本語のかn", "のかn"),
        ("한국어 하", " 하"),
        ("注音ㄋㄧˇ", "ㄋㄧˇ"),
        ("你好。\nprint(x)", ""),
        ("你好", ""),
    ],
)
def test_unsettled_suffix_is_found(before: str, composing: str) -> None:
    """The suffix is a run of the letters that an input method replaces, beside its script."""
    assert composing_suffix(before.encode()) == len(composing.encode())


@pytest.mark.parametrize(
    ("replaced", "text", "expected"),
    [
        ("nihao", "你好", True),
        ("かんじ", "漢字", True),
        ("ㅎ", "하", True),
        ("nihao", "hello", False),
        ("x = 1", "你好", False),
    ],
)
def test_compositions_are_told_from_edits(replaced: str, text: str, expected: bool) -> None:
    """A composition is a run of its letters that text of its script replaces."""
    assert is_composition(replaced.encode(), text.encode()) is expected
