"""Suggestions and the text after the cursor: the examples, and properties of all texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.completion.scripted import completer

from foretype_model.completion.after_cursor import AroundCursor, Fit
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.text import brackets


def accepted(around: AroundCursor, text: str) -> str | None:
    """Return the line after accepting `text`; None if nothing is offered."""
    fit = around.fit(text)
    if fit is None:
        return None
    line = around.before.rpartition("\n")[2] + fit.text + around.after[fit.replaces_after :]
    return line.partition("\n")[0]


@pytest.mark.parametrize(
    ("before", "after", "text", "fitted"),
    [
        ("The quick bro", " fox", "wn ", "wn"),
        ("The quick bro", " fox", "wn fox", "wn"),
        ("The quick bro", " fox", "wn fox jumps", "wn"),
        ("The quick bro", "  fox", "wn fox", "wn"),
        ("The quick bro", "fox", "wn fox", "wn "),
        ("The quick", " fox", " fox", None),
        ("The quick", " fox", " ", None),
        ("The quick", " fox jumps", " fox", None),
        ("The quick", " foxes run", " or fox", " or fox"),
        ("val = va", "(strict=True)", "lidate(strict=True)", "lidate"),
        ("val = va", "(strict=True)", "lidate(strict = True)", "lidate"),
        ("val = va", "(strict=True)", "lidate(", "lidate"),
        ("re", "rn x", "turn", "tu"),
        ("x = len", " name", " or n", " or n"),
        ("今日は", "天気です", "いい天気", "いい"),
        ("f(a", ", b)", "nd,", "nd"),
        ("a ", "👧 b", "👩‍👧", "👩‍👧"),
    ],
)
def test_rest_of_line_is_cut(before: str, after: str, text: str, fitted: str | None) -> None:
    """The end of a suggestion that begins the rest of the line is cut off, whole words alone."""
    assert AroundCursor(before, after).fit(text) == (Fit(fitted) if fitted else None)


@pytest.mark.parametrize(
    ("before", "after", "text", "fitted"),
    [
        ("def f():\n    ", "\n    return x\n", "return x", None),
        ("def f():\n    ", "\n\n        return x\n", "return x", None),
        ("def f():\n    ret", "\n    return x", "urn x", None),
        ("def f():\n    ", "\n    return x\n", "return", "return"),
        ("def f():\n    ", "\n    return x\n", "return xs", "return xs"),
        ("def f():", "\n    return x", "\n    return x", None),
        ("def f():", "\n    return x", "\n    y = 1\n    return x", "\n    y = 1"),
        ("print(", ")\nprint(x)", "x", None),
        ("if a {\n    b\n", "\n}\n", "}", None),
        ("if a {\n    b()", "\n}\n", " }", None),
        ("f(\n    g(a", "\n)\n", ")", ")"),
    ],
)
def test_next_line_is_not_repeated(before: str, after: str, text: str, fitted: str | None) -> None:
    """A suggestion stops before a line that would equal the next line, and before its closers."""
    assert AroundCursor(before, after).fit(text) == (Fit(fitted) if fitted else None)


@pytest.mark.parametrize(
    ("before", "after", "text", "stopped", "replacing"),
    [
        ("if os.path.exists(pa", ")", "th):", Fit("th"), Fit("th):", 1)),
        ("with open(pa", ")", "th) as f:", Fit("th"), Fit("th) as f:", 1)),
        ("print(", ")", "len(items)", Fit("len(items)"), Fit("len(items)")),
        ("print(", ")", "len(items))", Fit("len(items)"), Fit("len(items)")),
        ("print(", ")", "len(items)) or", Fit("len(items)"), Fit("len(items)) or", 1)),
        ("print(", ");", "f();", Fit("f();"), Fit("f();")),
        ("print(", ")", "x)", Fit("x"), Fit("x")),
        ("print(", ")", ")", None, None),
        ("print(", ")", '":)"', Fit('":)"'), Fit('":)"')),
        ('x["', '"]', 'a"] = 1', Fit("a"), Fit('a"] = 1', 2)),
        ('print("', '")', 'a" + b', Fit("a"), Fit('a" + b', 1)),
        ('print("', '")', "don't", Fit("don't"), Fit("don't")),
        ("print('", "')", "do or don't", Fit("do or "), Fit("do or don't", 1)),
        ('"""', '"', 'Return."""', Fit("Return."), Fit('Return."""', 1)),
        ("print(", '"a")', '"b", ', Fit('"b", '), Fit('"b", ')),
        ('x = "a', '"', 'b \\"c\\" d"', Fit("b "), Fit('b \\"c\\" d')),
        ("if c == '\"'", "'\"'", " or '\"", Fit(" or "), Fit(" or ")),
        ("f(", ", b)", "a)", Fit("a"), Fit("a")),
        ("f(g(x", ", y)", ")", Fit(")"), Fit(")")),
        ("(it's so", ")", ", isn't it)", Fit(", isn't it"), Fit(", isn't it")),
    ],
)
def test_closers_are_replaced_or_kept(
    before: str, after: str, text: str, stopped: Fit | None, replacing: Fit | None
) -> None:
    """A suggestion stops before closing marks that follow the cursor, or replaces them with its own
    if more follows in it; marks that it opens itself stay.
    """
    assert AroundCursor(before, after).fit(text) == stopped
    assert AroundCursor(before, after, can_replace=True).fit(text) == replacing


def offers(
    script: str, before: str, after: str, **options: float
) -> tuple[Candidate | None, list[str]]:
    """Return the ghost text, and the menu's words and characters."""
    around = before.encode(), after.encode()
    one, how = completer(script), Options(**options)
    menu = [*one.next_words(*around, how), *one.next_characters(*around, how)]
    return one.ghost_text(*around, how), [item.text for item in menu]


def test_middle_of_line_gets_no_space() -> None:
    """Before a space, neither ghost text nor menu offers another one."""
    ghost, menu = offers("The quick brown fox", "The quick bro", " fox")
    assert ghost is not None
    assert ghost.text == "wn"
    assert "wn" in menu
    assert not [text for text in menu if text.endswith(" ")]


def test_own_rest_is_not_offered() -> None:
    """In a finished line, neither ghost text nor menu offers the rest of the line again."""
    line = "copy = validate(strict=True)"
    ghost, menu = offers(line, "copy = va", "(strict=True)\n")
    assert ghost is not None
    assert ghost.text == "lidate"
    assert not [text for text in menu if "(" in text]


def test_new_line_differs_from_next() -> None:
    """Above a line, its text is not offered, but the next best."""
    script = "x = 1\n    return value\nx = 1\n    return value\nx = 1\n    raise Stop"
    ghost, menu = offers(script, "x = 1\n    ", "\n    return value\n", min_confidence=0.05)
    assert ghost is not None
    assert ghost.text != "return value"
    assert "return value" not in menu


def test_beginning_of_next_line_is_unlikely() -> None:
    """A text whose only likely continuation is the next line is not offered in part, either."""
    script = "self.a = a\n    self.b = b\n"
    at = ("self.a = a\n    ", "\n    self.b = b\n")
    assert offers(script, *at, min_confidence=0.2)[0] is None
    assert offers(script, at[0], "", min_confidence=0.2)[0] is not None
    either = f"{script}{script}self.a = a\n    self.b.sort()\n"
    ghost, _ = offers(either, *at, min_confidence=0.2)
    assert ghost is not None
    assert ghost.text in ("self", "self.b", "self.b.sort()")


def test_ghost_closes_nothing_twice() -> None:
    """Ghost text replaces the bracket that the editor closed, or stops before it."""
    line = "if os.path.exists(path):"
    stopped, menu = offers(line, "if os.path.exists(pa", ")")
    replacing, _ = offers(line, "if os.path.exists(pa", ")", replace_after_cursor=True)
    assert stopped is not None
    assert (stopped.text, stopped.replaces_after) == ("th", 0)
    assert replacing is not None
    assert (replacing.text, replacing.replaces_after) == ("th):", 1)
    assert not [text for text in menu if ")" in text]


def test_balanced_ghost_is_whole() -> None:
    """Ghost text keeps the brackets that it opens itself."""
    ghost, menu = offers("print(len(items))", "print(", ")")
    assert ghost is not None
    assert ghost.text == "len(items)"
    assert "len(items)" in menu


def test_tabs_stay_tabs() -> None:
    """In a file indented with tabs, new lines of ghost text are indented with tabs."""
    script = "def g(a):\n    return a + 1"
    ghost, _ = offers(
        script, "def f(a):\n\tpass\n\ndef g(a):", "\n\ndef h():\n\tpass\n", max_lines=2
    )
    assert ghost is not None
    assert ghost.text == "\n\treturn a + 1"


WORDS = st.sampled_from(
    ["a", "foo", " ", " bar", "x1", ", ", " = ", ".", "é", "日", "'", '"', "\n"]
)
TEXTS = st.lists(WORDS | st.sampled_from("()[]{}:"), max_size=8).map("".join)
AROUND = st.builds(AroundCursor, TEXTS, TEXTS, st.booleans())


@given(AROUND, TEXTS)
def test_fitted_text_fits(around: AroundCursor, text: str) -> None:
    """A fitted text is a part of the suggestion up to its new indentation, and replaces nothing but
    closing marks in its line.
    """
    fit = around.fit(text)
    if fit is None:
        return
    assert fit.text
    assert (
        text.replace(" ", "")
        .replace("\t", "")
        .startswith(fit.text.replace(" ", "").replace("\t", ""))
    )
    replaced = around.after[: fit.replaces_after]
    assert len(replaced) == fit.replaces_after
    assert brackets.is_only_closers(replaced)
    assert not any(character.isspace() for character in replaced)
    assert around.can_replace or not replaced


@given(TEXTS, st.sampled_from(["foo", "x1 = y", "bar(a)"]), st.booleans(), TEXTS)
def test_following_text_is_never_twice(
    before: str, rest: str, can_replace: bool, text: str
) -> None:
    """A suggestion that ends with the rest of the line, spaced or not, is cut before it."""
    for space in ("", " "):
        around = AroundCursor(before + " ", space + rest, can_replace)
        fit = around.fit(text + " " + rest)
        assert fit is None or not fit.text.rstrip().endswith(rest) or text.rstrip().endswith(rest)


@given(TEXTS, TEXTS.filter(lambda text: "\n" not in text and text.strip()))
def test_next_line_is_never_twice(before: str, line: str) -> None:
    """The next line is not offered as a line of its own."""
    if brackets.is_only_closers(line):
        return
    fit = AroundCursor(before + "\n", "\n" + line).fit(line)
    assert fit is None or fit.text.strip() != line.strip()


@st.composite
def balanced(draw: st.DrawFn, depth: int = 2) -> str:
    """Return a text whose brackets match."""
    parts = draw(st.lists(st.sampled_from(["a", " b", ", ", "foo", " + "]), max_size=3))
    if depth:
        opening = draw(st.sampled_from("([{"))
        parts.append(opening + draw(balanced(depth - 1)) + brackets.PAIRS[opening])
    return "".join(draw(st.permutations(parts)))


@given(balanced(), st.lists(st.sampled_from("([{"), min_size=1, max_size=3), st.booleans())
def test_balanced_text_stays_balanced(text: str, openers: list[str], can_replace: bool) -> None:
    """Between brackets that the editor closed, a balanced suggestion leaves the line balanced, also
    with the closing ones behind it.
    """
    closers = "".join(brackets.PAIRS[opener] for opener in reversed(openers))
    around = AroundCursor("x = f" + "".join(openers), closers, can_replace)
    for suggestion in (text, text + closers[:1], text + closers, text + closers + " or y"):
        line = accepted(around, suggestion)
        assert line is None or brackets.unmatched(line) == ([], [])
