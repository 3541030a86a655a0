"""Text that an input method may still replace: Pinyin by Han, kana by kanji, jamo by a syllable.

Editors report a composition as typed text, and its end as a replacement of that text.
"""

from __future__ import annotations

from typing import Final

import regex

MAX_COMPOSED_BYTES: Final = 96
"""Bytes of one composition, at most: a clause."""

NEARBY_BYTES: Final = 256
"""Bytes before Latin letters in which another script shows that they may be a composition."""

_SCRIPTS: Final = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}"
    # Symbols and punctuation of these scripts, and full-width forms.
    r"\u3000-\u303f\u30fc\uff00-\uffef"
)
_COMPOSING: Final = (
    # Syllables of Latin letters and tones, as "ni'hao", "ni hao" and "ni3".
    r"A-Za-züÜ0-5' \u02c7\u02ca\u02cb\u02d9\uff21-\uff3a\uff41-\uff5a"
    r"\p{Hiragana}\p{Katakana}\u30fc\p{Bopomofo}\u3131-\u318e"
)
_COMPOSITION: Final = regex.compile(rf"[{_COMPOSING}]*[\uac00-\ud7a3]?\Z")
_OTHER_SCRIPT: Final = regex.compile(rf"[{_SCRIPTS}]")


def composing_suffix(before: bytes) -> int:
    """Return the length of the suffix of `before` that an input method may replace; Latin letters
    count where the text around them has another script.
    """
    near = before[-MAX_COMPOSED_BYTES - NEARBY_BYTES :].decode(errors="ignore")
    run = _COMPOSITION.search(near)
    if run is None or not _OTHER_SCRIPT.search(near):
        return 0
    return min(len(run[0].encode()), MAX_COMPOSED_BYTES)


def is_composition(replaced: bytes, text: bytes) -> bool:
    """Return whether an input method may have replaced the one text by the other."""
    after, before = text.decode(errors="ignore"), replaced.decode(errors="ignore")
    return bool(_COMPOSITION.fullmatch(before) and _OTHER_SCRIPT.search(after))
