"""Remove forgotten words and documents from the recent history."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.privacy.forgotten_words import occurrences, pending_word_suffix


def forget_word(histories: Sequence[MatchHistory], word: bytes) -> tuple[list[MatchHistory], int]:
    """Return the histories without `word`, and the number of its occurrences.

    A word at the end of a piece counts as whole, as its next byte is unknown. The last bytes go
    too, if they may become the word.

    Args:
        histories: the newest first.
    """
    removed: list[set[int]] = [set() for _ in histories]
    count = 0
    for history, places in zip(histories, removed, strict=True):
        for piece in history.pieces():
            text, before = piece.before + piece.text, len(piece.before)
            for start in (at for at in occurrences(text, word) if at + len(word) > before):
                count += 1
                end = start + len(word)
                places.update(
                    range(piece.first + max(0, start - before), piece.first + end - before)
                )
                # The word's beginning may be in an earlier piece: "secc", a backspace, "ret".
                for i in range(start, before):
                    for other, marked in zip(histories, removed, strict=True):
                        marked.update(other.occurrences(text[:i], text[i]))
    if newest := histories[0].last():
        begun = min(pending_word_suffix(newest.before + newest.text, (word,)), len(newest.text))
        end = newest.first + len(newest.text)
        removed[0].update(range(end - begun, end))
    return [
        history.without(places) for history, places in zip(histories, removed, strict=True)
    ], count


def forget_documents(
    histories: Sequence[MatchHistory], are_forgotten: Callable[[str], bool]
) -> list[MatchHistory]:
    """Return the histories without the documents that `are_forgotten`."""
    return [
        history.without(
            [
                place
                for piece in history.pieces()
                if are_forgotten(piece.uri)
                for place in range(piece.first, piece.first + len(piece.text))
            ]
        )
        for history in histories
    ]
