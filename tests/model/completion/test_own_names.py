"""In code, the menu has the names of the user's texts before other words."""

from __future__ import annotations

import pytest
from tests.model.predictors.copy.test_predictor import made

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.menu import VISIBLE_ITEMS
from foretype_model.predictor import Predictor
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.scripted import ScriptedPredictor

FILE = """from pathlib import Path

class Scanner:
    def read_all(self):
        return self.path.read_text()

scanner = Scanner()
data = scanner.read_all()
"""
INVENTED = ["scanner.html", "scanner.Err", "scanner.Scan", "= ParamSpec", "(scope", "(schema"]
LONG_NAME = "a_name_that_takes_more_steps_than_a_search"


def menu(before: str, *, is_code: bool = True, copy: Predictor | None = None) -> list[str]:
    """Return the visible items of a menu that a script and the user's texts fill."""
    predictors = {"scripted": ScriptedPredictor(INVENTED), "copy": copy or CopyPredictor()}

    def failed(name: str, error: Exception) -> None:
        pytest.fail(f"{name}: {error}")

    completer, options = Completer(predictors, failed), Options(is_code=is_code)
    completer.next_words(before.encode(), b"", options)
    while not completer.catch_up():
        pass
    found = completer.next_words(before.encode(), b"", options)
    return [one.text for one in found[:VISIBLE_ITEMS]]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("x = scanner.", "read_all"),
        ("other.", "read_all"),
        ("x = scanner.re", "ad_all"),
        ("x = Pa", "th"),
        ("def scan(sc", "anner"),
    ],
)
def test_name_of_document_is_first(line: str, first: str) -> None:
    """A name of the document that fits is above the words that only another predictor expects."""
    assert menu(FILE + line)[0] == first


def test_name_of_workspace_is_first() -> None:
    """A name of another file of the workspace that fits is above other words."""
    copy = made(indexed=(FILE.encode(),))
    assert menu("import scan\nx = scanner.", copy=copy)[0] == "read_all"
    assert menu("x = Pa", copy=copy)[0] == "th"


def test_keyword_does_not_follow_dot() -> None:
    """After a dot, only names that have followed a dot are forced into the menu."""
    assert menu(FILE + "other.r")[0].startswith("ead_")
    assert not any(text.startswith("eturn") for text in menu(FILE + "other.r"))


def test_long_name_is_found() -> None:
    """A name is found whole that is longer than the steps of a search."""
    assert menu(f"x.{LONG_NAME} = 1\ny.")[0] == LONG_NAME


def test_other_words_stay_visible() -> None:
    """Names of the user's texts leave room for other words."""
    names = "".join(f"x.name{i} = {i}\n" for i in range(20))
    found = menu(f"{FILE}{names}y = scanner.")
    assert {"html", "Err", "Scan"} & set(found)


def test_prose_has_no_forced_names() -> None:
    """In prose, a word of the user's texts is not put before a more probable one."""
    text = "The scanner has scars.\nA (sc"
    assert menu(text)[0] in {"anner", "ars"}
    assert menu(text, is_code=False)[0] in {"ope", "hema"}


def test_word_stands_beside_longer_one() -> None:
    """A word is in the menu together with the longer words that begin with it."""
    texts = ["config = 1", "config = 2", "configuration", "configured", "configure"]
    predictors = {"scripted": ScriptedPredictor(texts)}
    offered = Completer(predictors, print).next_words(b"conf", b"", Options(is_code=True))
    visible = [one.text for one in offered[:VISIBLE_ITEMS]]
    assert {"ig", "iguration", "igured", "igure"} <= {text.split()[0] for text in visible}


def test_sign_with_spaces_is_offered() -> None:
    """In code, a sign is offered together with its spaces; in prose it is a next character."""
    predictors = {"scripted": ScriptedPredictor(["name = 3"])}

    def offered(*, is_code: bool) -> list[str]:
        options = Options(is_code=is_code, smart_space=True)
        return [one.text for one in Completer(predictors, print).next_words(b"name", b"", options)]

    assert any(text.strip() == "=" for text in offered(is_code=True))
    assert not any(text.strip() == "=" for text in offered(is_code=False))


def test_three_members_are_forced() -> None:
    """After a dot, three visible items are names that followed a dot, if so many did."""
    names = ["first", "second", "third", "fourth", "fifth"]
    uses = "".join(f"x.{name} = 1\nx.{name} = 2\n" for name in names)
    found = menu(f"{uses}y = scanner.")
    assert sum(one.partition(" ")[0] in names for one in found) == 3


def test_two_names_are_forced() -> None:
    """Two names of the document are in the menu, though no other predictor expects either."""
    text = "x.first = 1\nx.first = 2\nx.second = 3\nx.second = 4\ny."
    assert {"first", "second"} <= {name.partition(" ")[0] for name in menu(text)}


def test_complete_word_is_not_continued() -> None:
    """A name that only begins with a word is not forced behind that word if it is complete."""
    text = "elsewhere = 1\nif a:\n    elsewhere = 2\n"
    script = ["if a:\n    b\nelse:\n    c\n"] * 20
    predictors = {"scripted": ScriptedPredictor(script), "copy": CopyPredictor()}
    completer = Completer(predictors, print)
    before = (text + script[0] + "if a:\n    b\nelse").encode()
    while not completer.catch_up():
        pass
    found = completer.next_words(before, b"", Options(is_code=True))
    assert all(not one.text.startswith("where") for one in found[:VISIBLE_ITEMS])
