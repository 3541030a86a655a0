"""The script that a text is mainly written in, where that is not the Latin one."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

Script = Literal[
    "arabic", "bengali", "cyrillic", "devanagari", "greek", "han", "hangul", "hebrew", "japanese"
]
"""Japanese is Han with kana."""

SCRIPTS: Final[tuple[Script, ...]] = get_args(Script)

MIN_LETTERS: Final = 3
"""Letters of a script from which a text may count as written in it."""

MIN_SHARE: Final = 0.5
"""Part of a text's letters, at least, that its main script has. Technical text is full of Latin
names and code.
"""

KEPT_SHARE: Final = 0.25
"""Part of the letters that keeps a text in the script in which it was before: code in a text of
another script is no reason to change the model.
"""

MIN_KANA: Final = 0.2
"""Part of a text's kana and Han from which it is Japanese: Chinese names a Japanese thing now and
then.
"""

# Blocks of the Unicode Standard, as far as people type them.
_LETTERS: Final[dict[Script, re.Pattern[str]]] = {
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "bengali": re.compile("[\u0980-\u09ff]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "hangul": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "japanese": re.compile("[\u3040-\u30ff]"),
}
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")


def main_script(text: str, min_share: float = MIN_SHARE) -> Script | None:
    """Return the script of at least `min_share` of the letters; None for Latin, and for a text with
    too few letters to tell.
    """
    if text.isascii():
        return None
    counts = {script: len(letters.findall(text)) for script, letters in _LETTERS.items()}
    kana, han = counts["japanese"], counts["han"]
    if kana >= MIN_KANA * (kana + han) and kana:
        counts["japanese"], counts["han"] = kana + han, 0
    total = len(_LATIN.findall(text)) + sum(counts.values())
    script = max(counts, key=lambda one: counts[one])
    is_main = counts[script] >= max(MIN_LETTERS, min_share * total)
    return script if is_main else None


def followed_script(text: str, before: Script | None) -> Script | None:
    """Return the main script of a text that changes, and was in `before`."""
    return before if before and main_script(text, KEPT_SHARE) == before else main_script(text)
