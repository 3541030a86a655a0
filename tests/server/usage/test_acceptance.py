"""Accepted suggestions are detected from edits, with the characters that they have added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import pytest

from foretype_model.completion.candidates import Candidate
from foretype_server.document import Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS
from foretype_server.usage.acceptance import AcceptanceTracker

URI = "file:///notes.txt"


class Editing:
    """A document of one line with suggestions, in a client that reports whole suggestions alone."""

    def __init__(self, text: str) -> None:
        self.counts: list[tuple[str, int]] = []
        self.text = Text(text, POSITION_ENCODINGS["utf-32"])
        self.tracker = AcceptanceTracker(
            lambda _, kind, characters: self.counts.append((kind, characters))
        )

    def suggest(
        self, character: int, *texts: str, kind: Literal["word", "ghost"] = "ghost"
    ) -> None:
        offers = [Candidate(text, 0.5, kind) for text in texts]
        self.tracker.offered(URI, self.text, Point(0, character), offers)

    def insert(self, character: int, text: str) -> None:
        self.replace(character, character, text)

    def replace(self, start: int, end: int, text: str) -> None:
        self.change((start, end, text))

    def change(self, *edits: tuple[int, int, str]) -> None:
        """Edit several places at once, in this order, as an editor with several cursors does."""
        for start, end, text in edits:
            places = Point(0, start), Point(0, end)
            self.tracker.before_edit(URI, self.text, *places, text)
            self.text.edit(*places, text)
        self.tracker.edited(URI, self.text, max((text for *_, text in edits), key=len))

    def run_command(self) -> int | None:
        """Return the characters of the suggestion whose command the client runs."""
        return self.tracker.claim_last_edit(URI)

    def counted(self) -> list[tuple[str, int]]:
        """Return the suggestions that are counted without a command, once that can no longer
        come.
        """
        self.tracker.end()
        return self.counts


def check(act: Callable[[Editing], object], text: str = "hello") -> list[tuple[str, int]]:
    """Return the counts after `act` in a document with `text`."""

    async def run() -> list[tuple[str, int]]:
        editing = Editing(text)
        act(editing)
        return editing.counted()

    return asyncio.run(run())


def test_command_counts_alone() -> None:
    """A suggestion whose command has run is not counted by its edit as well."""

    def act(editing: Editing) -> None:
        editing.suggest(5, " world")
        editing.insert(5, " world")
        assert editing.run_command() == 6

    assert check(act) == []


@pytest.mark.parametrize("typed", [" w", " worl"])
def test_typed_characters_are_not_counted(typed: str) -> None:
    """Characters typed along a suggestion before it was accepted are not counted, even if only one
    is left.
    """

    def act(editing: Editing) -> None:
        editing.suggest(5, " world")
        for index, character in enumerate(typed, 5):
            editing.insert(index, character)
        editing.insert(5 + len(typed), " world"[len(typed) :])
        assert editing.run_command() == len(" world") - len(typed)

    assert check(act) == []


def test_word_and_rest_are_counted() -> None:
    """A word without a command and the rest with its command are each counted, with their own
    characters.
    """

    def act(editing: Editing) -> None:
        editing.suggest(5, " world again")
        editing.insert(5, " world")
        editing.insert(11, " again")
        assert editing.run_command() == 6

    assert check(act) == [("ghost", 6)]


def test_reinserted_text_is_not_counted() -> None:
    """VS Code may replace the accepted part of a suggestion by the whole: only the rest is
    counted.
    """

    def act(editing: Editing) -> None:
        editing.suggest(5, " world again")
        editing.insert(5, " ")
        editing.insert(6, "world")
        editing.replace(5, 11, " world again")
        assert editing.run_command() == 6

    assert check(act) == [("ghost", 5)]


def test_overwritten_text_is_not_counted() -> None:
    """A word of the suggestion that replaces other text is no accepted suggestion."""

    def act(editing: Editing) -> None:
        editing.suggest(5, "world again")
        editing.replace(0, 5, "world")

    assert check(act) == []


def test_characters_are_code_points() -> None:
    """Characters are counted as code points."""

    def act(editing: Editing) -> None:
        editing.suggest(0, "\U0001f600\U0001f600 grün")
        editing.insert(0, "\U0001f600\U0001f600")

    assert check(act, "") == [("ghost", 2)]


@pytest.mark.parametrize("text", ["w", "()", '""', "\r\n    ", "\n\t\t"])
def test_single_keys_are_not_counted(text: str) -> None:
    """A letter, a pair of brackets and a line break with its indentation may come from one key."""

    def act(editing: Editing) -> None:
        editing.suggest(0, text.replace("\r\n", "\n") + " and more")
        editing.insert(0, text)

    assert check(act, "") == []


def test_windows_line_ends_match() -> None:
    """Suggestions have LF line ends, and match in documents with CR LF."""

    def act(editing: Editing) -> None:
        editing.suggest(5, "\nworld\nagain")
        editing.insert(5, "\r\nworld")

    assert check(act) == [("ghost", 6)]


def test_menu_item_like_ghost_text() -> None:
    """The command of a menu item counts, though its edit could have been a part of the ghost
    text.
    """

    def act(editing: Editing) -> None:
        editing.suggest(5, " world again")
        editing.suggest(5, " world", " world again", kind="word")
        editing.insert(5, " world")
        assert editing.run_command() == 6

    assert check(act) == []


def test_previewed_items_count_once() -> None:
    """An editor that previews one item of a menu after the other has accepted one."""

    def act(editing: Editing) -> None:
        editing.suggest(5, " world", " world again", kind="word")
        editing.insert(5, " world")
        editing.replace(5, 11, " world again")
        editing.replace(5, 17, " world")

    assert check(act) == [("word", 6)]


def test_edit_elsewhere_ends_suggestion() -> None:
    """After an edit elsewhere, or of other text, nothing counts as accepted."""

    def act(editing: Editing) -> None:
        editing.suggest(5, " world")
        editing.insert(0, "x")
        editing.insert(6, " world")

    assert check(act) == []


def test_later_edit_has_no_command() -> None:
    """A command belongs to the last edit: with another edit in between, the suggestion is counted
    by itself.
    """

    def act(editing: Editing) -> None:
        editing.suggest(5, " world again")
        editing.insert(5, " world")
        editing.insert(0, "x")
        assert editing.run_command() is None

    assert check(act) == [("ghost", 6)]


@pytest.mark.parametrize("distance", [6, 200], ids=["near", "far"])
@pytest.mark.parametrize("cursor", [0, 1, 2])
@pytest.mark.parametrize("is_upwards", [False, True])
def test_several_cursors_count_once(distance: int, cursor: int, is_upwards: bool) -> None:
    """Parts accepted at several cursors count once, whichever cursor they were offered at and in
    whatever order the editor reports its edits.
    """

    def act(editing: Editing) -> None:
        ends = [distance * (index + 1) - 1 for index in range(3)]
        editing.suggest(ends[cursor], " world again")
        for text in (" ", "world", " again"):
            # Each edit counts in the text that the edits before it have made.
            grown = [index * len(text) if is_upwards else 0 for index in range(3)]
            edits = [(end + more, end + more, text) for end, more in zip(ends, grown, strict=True)]
            editing.change(*(edits if is_upwards else reversed(edits)))
            ends = [end + len(text) * (index + 1) for index, end in enumerate(ends)]

    lines = "".join("hello".rjust(distance - 1) + "|" for _ in range(3))
    assert check(act, lines) == [("ghost", 5), ("ghost", 6)]


def test_typing_elsewhere_keeps_positions() -> None:
    """An edit before or after the position, such as a formatter's, costs no count."""

    def act(editing: Editing) -> None:
        editing.suggest(5, " world again")
        editing.change((5, 5, " w"), (3, 4, "LL"), (0, 1, ""), (9, 9, "x"))
        editing.change((7, 7, "orld"), (14, 17, ""))
        assert editing.run_command() == 4

    assert check(act, "hello, there is more") == []
