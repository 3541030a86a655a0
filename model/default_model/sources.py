"""The sources of the default model's corpus, their weights, and how often each may be read."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import Final, NamedTuple

SHARES: Final = {"prose": 0.285, "docs": 0.185, "multilingual": 0.32, "code": 0.21}
"""Parts of the whole: its size is MOST, or the size that the scarcest kind allows."""

MOST: Final = 400_000_000
"""Bytes of the whole at most."""


class Source(NamedTuple):
    """A share in the mix.

    Attributes:
        weight: part among the sources of its kind; the others take over the part that it cannot
            fill.
        readings: times that its documents may stand in the mix. A second one begins after all of
            them have been read.
    """

    weight: float
    readings: int = 1


MESSAGE_READINGS: Final = 24
"""Messages are few, and most people type them most: so they are 2 % of the English prose."""

NATURAL: Final = {
    "prose/fiction": Source(26),
    "prose/standardebooks": Source(20),
    "prose/commit-messages": Source(10),
    "prose/commits": Source(25),
    "prose/speeches": Source(5),
    "prose/openstax-us-history": Source(4),
    "prose/openstax-sociology": Source(3),
    "prose/masc": Source(8, readings=2),
    "prose/messages": Source(8, readings=MESSAGE_READINGS),
    "prose/google-research-datasets__Taskmaster": Source(3, readings=3),
    "prose": Source(40),
    "docs/python__peps": Source(6),
    "docs": Source(60),
    "docs/packages": Source(10),
}
"""A folder named again in a longer entry is counted there: "prose" are blogs, handbooks and notes
of meetings.
"""

CODE: Final = {
    "code/python": Source(35),
    "code/javascript": Source(11),
    "code/rust": Source(10),
    "code/go": Source(7),
    "code/c": Source(5),
    "code/typescript": Source(6, readings=2),
    "code/cython": Source(3),
    "code/c++": Source(2, readings=2),
    "code/css": Source(1.5, readings=2),
    "code/configuration": Source(1.5),
    "code/html": Source(0.7, readings=2),
    "code/shell": Source(0.2, readings=2),
}

LANGUAGES: Final = {
    "fr": Source(8.0),
    "es": Source(6.0),
    "de": Source(6.0),
    "pt": Source(5.7),
    "ru": Source(5.7),
    "ja": Source(5.7),
    "zh": Source(5.7),
    "ar": Source(5.2),
    "it": Source(4.6),
    "ko": Source(4.6),
    "cs": Source(4.5),
    "nl": Source(4.5),
    "pl": Source(4.5),
    "sv": Source(4.5),
    "tr": Source(4.5),
    "id": Source(4.5),
    "hi": Source(4.5),
    "uk": Source(4.5),
    "bn": Source(4.5),
    "el": Source(4.5, readings=2),
    "fa": Source(4.5),
    "he": Source(4.5, readings=2),
    "vi": Source(4.5, readings=2),
    "zh-TW": Source(4.5),
    "da": Source(4.5, readings=4),
    "fi": Source(4.5, readings=4),
    "hu": Source(4.5, readings=4),
    "no": Source(4.5, readings=4),
    "ro": Source(4.5, readings=4),
}
"""The five that are read four times have 0.7 MB each: they stay under one part in a hundred even
so.
"""

PARTS: Final = {"": 4.0, "/fiction": 2.0, "/machine": 0.6, "/messages": 4.0}
"""Weights within a language of recent text (written or translated by people), of novels, of machine
translations, and of messages.
"""

SOURCES: Final = (
    NATURAL
    | CODE
    | {
        f"multilingual/{language}{part}": Source(
            weight, MESSAGE_READINGS if part == "/messages" else source.readings
        )
        for language, source in LANGUAGES.items()
        for part, weight in PARTS.items()
    }
)

MACHINE: Final = re.compile(r"-for-beginners/", re.IGNORECASE)
"""Courses that a program translated. They are a filler for languages without other text."""

LEFT_OUT: Final = re.compile(r"(^|/)(18F__|dotnet__docs-(desktop|maui)/)|\.Hindawi\d")
"""Texts by the authors of the handbook that models are scored on, docs that have lost the names of
their types, and books of Hindawi, whose editions do not state their terms.

Those docs have a hole in every 350 and 500 characters ("there are two ways to enable this: 1.
Enable and related ...").
"""

HELD_BACK: Final = 50
"""Of so many documents one is never trained on."""


def source_of(name: str) -> str | None:
    """Return the longest of SOURCES that the path `name`, relative to the corpus, lies under."""
    if LEFT_OUT.search(name):
        return None
    parts = PurePosixPath(name).parts
    if parts[0] == "multilingual" and MACHINE.search(name):
        found = "/".join([*parts[:2], "machine"])
        return found if found in SOURCES else None
    return next(
        (
            folder.as_posix()
            for folder in PurePosixPath(name).parents
            if folder.as_posix() in SOURCES
        ),
        None,
    )


def group_of(source: str) -> str:
    """Return the unit that has a weight in its kind: a language, or the source itself."""
    return "/".join(source.split("/")[:2]) if source.startswith("multilingual/") else source


def group_weight(group: str) -> float:
    """Return the weight of a group within its kind."""
    return (
        LANGUAGES[group.split("/")[1]].weight
        if group.startswith("multilingual/")
        else SOURCES[group].weight
    )


def held_back(name: str) -> bool:
    """Whether the document at path `name`, relative to its corpus or beginning with its package, is
    for measuring.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % HELD_BACK == 0
