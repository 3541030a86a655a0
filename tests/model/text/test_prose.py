"""Candidates for prose: words and sentences, and no ending for a complete word."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from tests.model.completion.scripted import completer

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.files.gitignore import IgnoreRules, is_ignored
from foretype_model.text import prose

PROSE = Options(prose=True)
SURE = Options(prose=True, min_confidence=0.01)


def offered(one: Completer, before: str, after: str = "", options: Options = PROSE) -> list[str]:
    ghost = one.ghost_text(before.encode(), after.encode(), options)
    words = one.next_words(before.encode(), after.encode(), options)
    return [*([ghost.text] if ghost else []), *(word.text for word in words)]


@pytest.mark.parametrize("after", ["ge by the sea", "'s end", "ße"])
def test_nothing_inside_words(after) -> None:
    """In prose, nothing is offered inside a word."""
    house = completer("my house by the sea")
    assert offered(house, "my hou", after) == []
    assert offered(house, "my hou", after, Options()) != []
    assert offered(house, "my hou", " and") != []


def test_complete_word_gets_no_ending() -> None:
    """A word that is likely complete gets no ending."""
    texts = ["the old house", "the new house", "the house", "therefore"]
    assert {text[0] for text in offered(completer(*texts), "the")} == {" "}
    assert "refore" in offered(completer(*texts), "the", options=Options())
    assert "refore" in offered(completer("therefore", "theremin", "the end"), "the")


def test_ghost_ends_with_sentence() -> None:
    """Ghost text in prose ends with the sentence."""
    text = 'He said: "I came." She went away in a hurry.'
    ghost = completer(text).ghost_text(b"He", b"", SURE)
    assert ghost
    assert ghost.text == ' said: "I came."'
    longer = completer(text).ghost_text(b"He", b"", Options(min_confidence=0.01))
    assert longer
    assert longer.text.startswith(ghost.text + " She")


def test_unspaced_scripts_have_no_inside() -> None:
    """In scripts without spaces, candidates are offered anywhere."""
    assert offered(completer("日本語の文章です"), "日本", "語の") == offered(
        completer("日本語の文章です"), "日本", "語の", Options()
    )


LETTERS = st.text(st.sampled_from("abé. ,'-\n日"), max_size=12)


@given(st.lists(LETTERS, min_size=1, max_size=4), LETTERS, LETTERS)
def test_offers_have_words(texts, before, after) -> None:
    """An offer in prose has a word, and none is inside another word."""
    found = offered(completer(*texts), before, after)
    assert all(regex.search(r"\w", text) for text in found)
    if regex.search(r"[abé]\Z", before) and regex.match(r"[abé]", after):
        assert not found


@pytest.mark.parametrize(
    ("path", "learnt"),
    [
        ("a.md", True),
        ("book/one.tex", True),
        ("notes.txt", True),
        ("a.py", False),
        ("src/a.rs", False),
        ("Makefile", False),
    ],
)
def test_learns_only_from_prose(path, learnt) -> None:
    """Files without a suffix of prose are not learnt from."""
    rules = (IgnoreRules.of("/texts", prose.NON_PROSE_PATTERNS),)
    assert is_ignored(f"/texts/{path}", rules, is_folder=False) is not learnt
    assert not is_ignored("/texts/book", rules, is_folder=True)


@pytest.mark.parametrize(
    "text", ["He came.", "Really?!", "„Komm!“", '"Go."', "终于。", "(It is.)", "هل؟", "यह है।"]
)
def test_sentence_ends_are_found(text) -> None:
    """Sentences end with the punctuation of several scripts, and quotes."""
    assert prose.ends_sentence(text.encode())
    assert not prose.ends_sentence(text.encode() + b" then")


@pytest.mark.parametrize(
    ("name", "is_code"),
    [("a.py", True), ("b/A.RS", True), ("a.md", False), ("NOTES.TXT", False), ("Makefile", False)],
)
def test_code_file_by_suffix(name: str, is_code: bool) -> None:
    """A file with a suffix that prose does not have is code."""
    assert prose.is_code_file(name) == is_code
