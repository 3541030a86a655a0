"""The copy predictor proposes whole words that its texts hold, and none that it may not show."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.predictors.copy.test_predictor import TEXTS, made

from foretype_model.predictor import Proposer
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.copy.proposals import blended

CODE = b"""scanner = Scanner(path)
scanner.read_all(limit=3)
scanner.read_all(limit=4)
parser.parse(scanner.tokens)
self.scanner.close_file()
"""


def proposed(predictor: CopyPredictor, text: bytes, limit: int = 10) -> list[bytes]:
    state = predictor.feed(predictor.start(), text)
    return [word for word, _ in predictor.propose(state, limit)]


@pytest.mark.parametrize("source", ["typed", "indexed"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"x = scanner.", [b"read_all", b"close_file", b"tokens"]),
        (b"x = scanner.rea", [b"d_all"]),
        (b"self.scan", [b"ner"]),
        (b"parser.pa", [b"rse"]),
        (b"nothing like this, zq", []),
    ],
)
def test_proposes_names_of_the_text(source, text, words):
    """After a dot come the names that followed one; within a word, its rests."""
    predictor = made(CODE) if source == "typed" else made(indexed=(CODE,))
    found = proposed(predictor, text)
    assert found[: len(words)] == words
    assert bool(found) == bool(words)


def test_is_a_proposer():
    """The predictor enters by the door."""
    assert isinstance(CopyPredictor(), Proposer)


def test_word_inside_another_is_no_match():
    """A typed beginning is continued only where a word begins like it."""
    assert proposed(made(b"the discarded cards \n"), b"a sc") == []
    assert proposed(made(b"the discarded cards scared me\n" * 2), b"s sc") == [b"ared"]


def test_masked_document_is_not_proposed():
    """A masked document's words are not proposed, and another's are."""
    predictor = made(indexed=(b"alpha.secret_name()\n", b"alpha.open_name()\n"), masked=1)
    assert proposed(predictor, b"alpha.") == [b"open_name"]


def test_forgotten_word_is_not_proposed():
    """After a word was forgotten, it is proposed at none of its places."""
    predictor = made(CODE)
    assert b"read_all" in proposed(predictor, b"scanner.")
    predictor.forget(None, "read_all")
    assert proposed(predictor, b"scanner.")[:2] == [b"close_file", b"tokens"]
    assert b"read_all" not in proposed(predictor, b"scanner.", 100)
    assert proposed(predictor, b"scanner.rea") == []


def test_forgotten_document_is_not_proposed():
    """After a file was forgotten, its words are not proposed."""
    predictor = CopyPredictor()
    predictor.observe(Path("/tmp/a.py").as_uri(), CODE, b"")
    predictor.forget(Path("/tmp/a.py"), None)
    assert proposed(predictor, b"scanner.") == []


def test_secret_is_not_proposed():
    """A password that stood there is not proposed."""
    text = b'user.name = "me"\nuser.password = "hunter2Xk9fQw81"\nuser.password = ""\n'
    assert not any(b"hunter2" in word for word in proposed(made(text), b'user.password = "'))


@settings(deadline=None, max_examples=60)
@given(TEXTS, TEXTS, TEXTS, st.integers(0, 5))
def test_proposals_stand_in_the_text(observed, indexed, tail, limit):
    """Each proposal is in some text, after the typed beginning; none twice; best first."""
    predictor = made(observed, indexed=(indexed,))
    found = predictor.propose(predictor.feed(predictor.start(), tail), limit)
    assert len(found) <= limit
    assert len({word for word, _ in found}) == len(found)
    assert all(word in observed or word in indexed for word, _ in found)
    assert sum(math.exp(p) for _, p in found) < 1
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


def test_longer_contexts_come_first():
    """A word after a longer context outweighs a more frequent one after a shorter context."""
    found = blended([(8, "rare"), (3, "usual"), (3, "usual"), (3, "usual")])
    assert found["rare"] > found["usual"]
    assert sum(found.values()) < 1


@pytest.mark.parametrize("source", ["typed", "indexed"])
def test_name_stands_anywhere(source):
    """A typed beginning is continued by a name that stands after another byte."""
    predictor = made(CODE) if source == "typed" else made(indexed=(CODE,))
    assert proposed(predictor, b"def other(sc") == [b"anner"]
    assert proposed(predictor, b"[pa")[:1] in ([b"rser"], [b"rse"], [b"th"])


@pytest.mark.parametrize("source", ["typed", "indexed"])
def test_dotted_names_hide_others(source):
    """After a dot, a name that stands after none and names no function is proposed only if no other
    fits.
    """
    text = b"return value.read_all()\nclass openable: retry\n" * 2
    predictor = made(text) if source == "typed" else made(indexed=(text,))
    assert proposed(predictor, b"other.re") == [b"ad_all"]
    assert proposed(predictor, b"other.op") == [b"enable"]


@pytest.mark.parametrize("source", ["typed", "indexed"])
@pytest.mark.parametrize(
    ("text", "used", "defined"),
    [
        (b"class A:\n    def scan_tokens(self): ...\na = A()\n", [], b"scan_tokens"),
        (b"fn parse_all(self) {}\nx.length;\nx.length;\n", [b"length"], b"parse_all"),
        (b"func (s S) close_it() {}\n", [], None),
        (b"function drawLine() {}\n", [], b"drawLine"),
    ],
)
def test_functions_follow_a_dot(source, text, used, defined):
    """After a dot come names that followed one, then functions that are defined and not used."""
    predictor = made(text) if source == "typed" else made(indexed=(text,))
    assert proposed(predictor, b"thing.") == [*used, *([defined] if defined else [])]
    if defined:
        assert proposed(predictor, b"thing." + defined[:2]) == [defined[2:]]


def test_own_function_follows_no_dot():
    """A function of Python's that is not indented is called without a dot in its own module; one of
    another module may follow a dot.
    """
    text = b"def main():\n    pass\nclass A:\n    async def scan(self): ...\n"
    assert proposed(made(text), b"thing.") == [b"scan"]
    assert sorted(proposed(made(indexed=(text,)), b"thing.")) == [b"main", b"scan"]


def test_forgotten_name_stands_nowhere():
    """A forgotten word is not proposed after another byte either."""
    predictor = made(CODE)
    predictor.forget(None, "scanner")
    assert b"anner" not in proposed(predictor, b"def other(sc", 100)
    predictor.forget(None, "read_all")
    assert b"read_all" not in proposed(predictor, b"other.", 100)
