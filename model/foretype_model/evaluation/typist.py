"""Keystroke savings: an ideal typist types a text again, and accepts every right suggestion.

Savings are 1 - keys / characters. Before each key the typist looks at the suggestions and accepts
the longest right one with one key: an item among the first five of the menu, or the ghost text, its
first line, or its first word. It must save at least one key. Otherwise the typist types
the next character with one key. The editor takes a smart space back before punctuation, as
Foretype's plugins do. Indentation that an editor inserts by itself costs nothing and is
not counted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Final, Literal

from foretype_model.evaluation.passage import (
    FIRST_WORD,
    Passage,
    free_indentation,
    typed_part,
)
from foretype_model.evaluation.systems import TypingDocument, TypingSession

Mode = Literal["inline", "popup", "both"]
"""The suggestions that the typist looks at: the ghost text, the menu, or both."""

MENU_ITEMS: Final = 5
"""Items of the menu that the typist looks at."""

MIN_CHARACTERS: Final = 2
"""Characters that a suggestion must add to be accepted."""


@dataclass(frozen=True)
class KeystrokeCounts:
    """The counts of typing a text.

    Attributes:
        keys: keys pressed, one for each suggestion accepted.
        characters: characters typed or accepted, without free indentation.
        shown: keys before which a suggestion was shown.
        right: keys before which the first word of a suggestion was right.
        accepted: suggestions accepted.
        asked: keys before which the system was asked.
        seconds: time of the system's answers.
    """

    keys: int = 0
    characters: int = 0
    shown: int = 0
    right: int = 0
    accepted: int = 0
    asked: int = 0
    seconds: float = 0.0

    def __add__(self, other: KeystrokeCounts) -> KeystrokeCounts:
        return KeystrokeCounts(
            *(left + right for left, right in zip(astuple(self), astuple(other), strict=True))
        )

    @property
    def savings(self) -> float:
        """The share of keys saved."""
        return 1 - self.keys / max(1, self.characters)

    @property
    def precision(self) -> float | None:
        """The share of the suggestions shown whose first word was right."""
        return self.right / self.shown if self.shown else None

    @property
    def milliseconds(self) -> float:
        """The mean time of an answer."""
        return 1000 * self.seconds / max(1, self.asked)


def type_passage(
    session: TypingSession, passage: Passage, mode: Mode, advance: Callable[[int], None]
) -> KeystrokeCounts:
    """Type `passage` in a new document with the help of its suggestions.

    `advance` is called after each key with the number of characters that it brought.
    """
    typist = _Typist(session.open(passage.name), passage, mode)
    tally = KeystrokeCounts()
    while typist.rest:
        before = len(typist.rest)
        tally += typist.press()
        advance(before - len(typist.rest))
    return tally


class _Typist:
    """The typist at one place of the passage; `rest` is still to be typed."""

    def __init__(self, document: TypingDocument, passage: Passage, mode: Mode) -> None:
        self._document, self._mode = document, mode
        self._before, self._after = passage.before, passage.after
        self.rest = passage.typed

    def press(self) -> KeystrokeCounts:
        """Press one key, or pass free indentation, and return its counts."""
        if indentation := free_indentation(self._before, self.rest):
            self._go_on(indentation)
            return KeystrokeCounts()
        started = time.perf_counter()
        shown, offered = self._look()
        seconds = time.perf_counter() - started
        # The longest right suggestion, or else the next character.
        parts = (typed_part(one, self.rest) for one in offered)
        accepted = max((part for part in parts if len(part) >= MIN_CHARACTERS), key=len, default="")
        step = accepted or self.rest[0]
        word = FIRST_WORD.match(self.rest)
        right = word is not None and any(one.startswith(word[0]) for one in offered)
        characters = len(step) - self._indentation_within(step)
        self._go_on(step)
        return KeystrokeCounts(
            1, characters, int(shown), int(right), int(bool(accepted)), 1, seconds
        )

    def _look(self) -> tuple[bool, list[str]]:
        """Return whether a suggestion is shown, and the texts that one key could accept.

        In the mode "both", only the ghost text counts as shown.
        """
        self._document.set_text(self._before, self._after)
        offered: list[str] = []
        shown = False
        if self._mode != "popup" and (ghost := self._document.ghost_text()):
            shown, offered = True, acceptable_parts(ghost.text)
        if self._mode != "inline":
            items = self._document.menu()[:MENU_ITEMS]
            shown = bool(items) if self._mode == "popup" else shown
            offered += items
        return shown, offered

    def _indentation_within(self, step: str) -> int:
        """Return the number of characters of `step` that the editor inserts as indentation."""
        starts = (line.end() for line in re.finditer("\n", step) if line.end() < len(step))
        return sum(len(free_indentation(self._before + step[:at], self.rest[at:])) for at in starts)

    def _go_on(self, step: str) -> None:
        self._before += step
        self.rest = self.rest[len(step) :]


def acceptable_parts(ghost: str) -> list[str]:
    """Return the parts of a ghost text that a key accepts: all, the first line, the first word."""
    first_line = ghost if ghost.startswith("\n") else ghost.partition("\n")[0]
    word = FIRST_WORD.match(ghost)
    return [ghost, first_line, *([word[0]] if word else [])]
