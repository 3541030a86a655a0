"""The modes of `try`."""

from __future__ import annotations

from enum import Enum, auto


class Mode(Enum):
    """The meaning of the keys: they edit the text or a field, or answer a question."""

    TEXT = auto()
    FIND = auto()
    NAME = auto()
    OVERWRITE = auto()
    UNSAVED = auto()
    KEYS = auto()
