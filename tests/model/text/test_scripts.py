"""The main script of a text, by its letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.text.scripts import SCRIPTS, followed_script, main_script

TEXTS = {
    "arabic": "يرجى الاطلاع على الملف المرفق",
    "bengali": "সংযুক্ত ফাইলটি দেখুন",
    "cyrillic": "Во вложении протокол встречи",
    "devanagari": "कृपया संलग्न फ़ाइल देखें",
    "greek": "Θα βρείτε συνημμένα τα πρακτικά",
    "han": "请查看附件中的会议记录",
    "hangul": "첨부 파일을 확인해 주세요",
    "hebrew": "מצורף פרוטוקול הישיבה",
    "japanese": "添付の議事録をご確認ください",
}


def test_every_script_has_text_here() -> None:
    """The texts below try each script there is."""
    assert sorted(TEXTS) == sorted(SCRIPTS)


@pytest.mark.parametrize("script", TEXTS)
def test_sentence_has_its_script(script: str) -> None:
    """A sentence is in its script, also with an English name in it, or after some digits."""
    text = TEXTS[script]
    assert main_script(text) == script
    assert main_script(f"2026-12-01 {text} PDF") == script


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_latin_text_has_none(text: str) -> None:
    """No text of Latin letters, accents, digits and signs is in another script."""
    assert main_script(text) is None


@given(st.sampled_from(sorted(TEXTS)), st.text(st.characters(max_codepoint=0x7F), max_size=2000))
def test_half_of_letters_decide(script: str, around: str) -> None:
    """A text is in a script only if that has half of its letters."""
    latin = sum(one.isalpha() for one in around)
    text = TEXTS[script]
    own = sum(one.isalpha() for one in text)
    if main_script(text + around) == script:
        assert latin <= 2 * own
    else:
        assert 2 * latin >= own


def test_few_letters_decide_nothing() -> None:
    """A letter or two of a script, as in a formula, leave a text Latin."""
    assert main_script("") is None
    assert main_script("π") is None
    assert main_script("3 µm, 2 π") is None


def test_kana_tell_japanese_from_chinese() -> None:
    """Han alone is Chinese, and also with a Japanese title in it."""
    assert main_script("会议记录") == "han"
    title = (
        "我昨天看了电影《となりのトトロ》，非常喜欢，推荐给大家，也推荐给孩子们看一看，"
        "真的很好看，值得一看再看"
    )
    assert main_script(title) == "han"
    assert main_script("議事録です") == "japanese"


def test_text_keeps_its_script() -> None:
    """A text stays in its script while code is typed into it, and leaves it for another text."""
    text = TEXTS["greek"]
    letters = sum(one.isalpha() for one in text)
    code = "x" * (2 * letters)
    assert main_script(text + code) is None
    assert followed_script(text + code, "greek") == "greek"
    assert followed_script(text + code, None) is None
    assert followed_script(text + 2 * code, "greek") is None
    assert followed_script(TEXTS["hebrew"], "greek") == "hebrew"
