"""Patterns of strangers are matched in bounded time."""

from __future__ import annotations

import pytest
from tests.cpu_time import cpu_seconds_below

from foretype_model.files.wildmatch import OutOfStepsError, StepBudget, Wildcard, faults

LONG = b"a" * 255
DEEP = b"a/" * 2000 + b"b"


def matches(pattern: bytes, text: bytes, *, is_path: bool, budget: int = 10**9) -> bool:
    return Wildcard(pattern, is_path=is_path, ignore_case=False).matches(text, StepBudget(budget))


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        (b"*a" * 16 + b"*b", b"a" * 60, False),
        (b"*a" * 16 + b"*b", b"a" * 60 + b"b", True),
        (b"*" * 1_000_000, LONG, True),
        (b"*" * 1_000_000 + b"b", LONG, False),
        (b"?*" * 200 + b"b", LONG, False),
        (b"*?" * 200, LONG, True),
        (b"[a-b]*" * 120 + b"[!a]", LONG, False),
        (b"*[[:alpha:]]" * 120 + b"*", LONG, True),
        (b"*[a]" * 300, LONG, False),
        (b"*\\a" * 200 + b"*\\b", LONG, False),
    ],
)
def test_any_name_is_matched_in_time(pattern, text, is_match):
    """A name takes milliseconds, whatever the pattern, and the answer is right."""
    with cpu_seconds_below(0.5):
        assert matches(pattern, text, is_path=False) == is_match


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        (b"**/" * 500 + b"c", False),
        (b"**/a/" * 500 + b"b", True),
        (b"**/a/" * 500 + b"**/c", False),
        (b"**/*a*/" * 400 + b"?c", False),
        (b"**/a*/" * 300 + b"*a", False),
        (b"*/" * 1999 + b"*c", False),
        (b"*/" * 2000 + b"*", True),
        (b"a/**/a*/**/[!b]", False),
        (b"a/**" * 400 + b"/b", True),
    ],
)
def test_any_path_is_matched_in_time(pattern, is_match):
    """A path of 2,000 folders takes a part of a second, and the answer is right."""
    with cpu_seconds_below(2):
        assert matches(pattern, DEEP, is_path=True) == is_match


def test_steps_are_counted():
    """Patterns stop where the budget ends, and a compilation costs more than a comparison."""
    assert not matches(b"b*", LONG, is_path=False, budget=0)
    with pytest.raises(OutOfStepsError):
        matches(b"*[a]*", LONG, is_path=False, budget=10)


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        (b"[a-Z]*.tmp", "its range a-Z is in the wrong order"),
        (b"*.[0-9a-A]", "its range a-A is in the wrong order"),
        (b"[[:foo:]]", "it has no known class [:foo:]"),
        (b"[abc", "its [ is not closed"),
        (b"a[", "its [ is not closed"),
        (b"a[!", "its [ is not closed"),
        (b"a[[:alpha:]", "its [ is not closed"),
        (b"a[b\\", "its [ is not closed"),
        (b"a\\", "it ends in a backslash"),
        (b"a/[/]", "its [] matches nothing"),
    ],
)
def test_faults_are_named(pattern, fault):
    """An error in a pattern is put into words."""
    assert faults(pattern, is_path=b"/" in pattern) == [fault]


@pytest.mark.parametrize("pattern", [b"*.log", b"[]a]", b"[a-]", b"[[:alpha:]_]", b"\\[a", b"[!]]"])
def test_sound_patterns_have_no_fault(pattern):
    """A pattern that git reads has no fault."""
    assert faults(pattern, is_path=False) == []
