"""What was typed, without the words and documents that are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foretype_model.predictors.copy.history import Recent
from foretype_model.privacy.forgotten_words import occurrences, unsettled


def forget_word(recents: Sequence[Recent], word: bytes) -> tuple[list[Recent], int]:
    """What was typed, in several logs, the newest first, without `word`; and how many times it did
    stand there.

    Where what follows is not known, because the user went on elsewhere, the word counts as whole.
    What was typed last goes too, if it may become the word.
    """
    gone: list[set[int]] = [set() for _ in recents]
    count = 0
    for recent, places in zip(recents, gone, strict=True):
        for piece in recent.pieces():
            text, before = piece.before + piece.text, len(piece.before)
            for start in (at for at in occurrences(text, word) if at + len(word) > before):
                count += 1
                end = start + len(word)
                places.update(
                    range(piece.first + max(0, start - before), piece.first + end - before)
                )
                # Its beginning was typed earlier, and something in between: "secc", a backspace,
                # "ret".
                for i in range(start, before):
                    for other, marked in zip(recents, gone, strict=True):
                        marked.update(other.alike(text[:i], text[i]))
    if newest := recents[0].last():
        begun = min(unsettled(newest.before + newest.text, (word,)), len(newest.text))
        end = newest.first + len(newest.text)
        gone[0].update(range(end - begun, end))
    return [recent.without(places) for recent, places in zip(recents, gone, strict=True)], count


def forget_documents(
    recents: Sequence[Recent], are_forgotten: Callable[[str], bool]
) -> list[Recent]:
    """What was typed, in several logs, without these documents."""
    return [
        recent.without(
            [
                place
                for piece in recent.pieces()
                if are_forgotten(piece.document)
                for place in range(piece.first, piece.first + len(piece.text))
            ]
        )
        for recent in recents
    ]
