"""The last step of every offer: the text that users may see and accept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from foretype_model.completion.candidates import BEFORE_BYTES, Candidate, Options
from foretype_model.text.visibility import is_visible

SPACE: Final = " "


def presentable(offers: Iterable[Candidate], before: bytes, options: Options) -> list[Candidate]:
    """Return the offers after `before` as users may see them, in their order.

    An offer ends at its last word or sign; with `smart_space`, one space may follow that. An offer
    is left out if it is empty, equals an earlier one, or has an invisible character.
    """
    tail = before[-BEFORE_BYTES:].decode(errors="ignore")
    shown: dict[str, Candidate] = {}
    for offer in offers:
        text = offer.text if offer.kind == "character" else _without_end(offer.text, options)
        if text and is_visible(text, tail):
            shown.setdefault(text, offer if text == offer.text else replace(offer, text=text))
    return list(shown.values())


def _without_end(text: str, options: Options) -> str:
    """Return `text` without the white space at its end, or with one space of it."""
    body = text.rstrip()
    smart = options.smart_space and body and text == body + SPACE
    return text if smart else body
