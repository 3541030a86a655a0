"""What was typed, without the words and documents that are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.privacy.forgotten_words import occurrences, pending_word_suffix


def forget_word(histories: Sequence[MatchHistory], word: bytes) -> tuple[list[MatchHistory], int]:
    """What was typed, in several logs, the newest first, without `word`; and how many times it did
    stand there.

    Where what follows is not known, because the user went on elsewhere, the word counts as whole.
    What was typed last goes too, if it may become the word.
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
                # Its beginning was typed earlier, and something in between: "secc", a backspace,
                # "ret".
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
    """What was typed, in several logs, without these documents."""
    return [
        history.without(
            [
                place
                for piece in history.pieces()
                if are_forgotten(piece.document)
                for place in range(piece.first, piece.first + len(piece.text))
            ]
        )
        for history in histories
    ]
