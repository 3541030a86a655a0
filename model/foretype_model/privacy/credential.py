"""A value in the place of a password."""

from __future__ import annotations

from typing import NamedTuple


class Credential(NamedTuple):
    """A value in the place of a password.

    Attributes:
        start: of the value, in bytes.
        end: behind the value.
        is_unfinished: the value reaches the end of the text, and no sign closes it.
        is_secret: the value is no reference, type or placeholder.
    """

    start: int
    end: int
    is_unfinished: bool
    is_secret: bool
