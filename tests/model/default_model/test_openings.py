"""The mix's documents begin as people begin theirs: heads of files, doctests and docstrings are
thinned, and some documents start in the middle.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from default_model import openings
from default_model.document_files import CorpusDocument

from .conftest import prose

BODY = "import os\n\nprint(os.name)\n"
MIT = "Permission is hereby granted, free of charge, to any person"
TITLE = "The title\n=========\n\nA paragraph.\n"


@pytest.mark.parametrize(
    "head, kept",
    [
        ("# SPDX-License-Identifier: MIT\n\n", ""),
        ("#\n# Copyright 2009 Someone\n#\n# Licensed under the Apache License\n", ""),
        (f"/*\n * {MIT}\n */\n\n/* The parser. */\n", "/* The parser. */\n"),
        (f"/* The parser. */\n\n/* {MIT} */\n", "/* The parser. */\n\n"),
        ("// Copyright 2013 The Authors.\n\n// Package a reads.\n", "// Package a reads.\n"),
        ("#!/bin/sh\n# Copyright (C) 2020\n", "#!/bin/sh\n"),
        ("# -*- coding: utf-8 -*-\n# vim: ts=4\n", ""),
        ('"""A lexer.\n\n:copyright: 2006 by the team\n"""\n\n', ""),
        ("<!-- Copyright 2020 -->\n", ""),
        ("---\n", ""),
        ("# Reads the configuration.\n", "# Reads the configuration.\n"),
        ('"""Read files."""\n\n', '"""Read files."""\n\n'),
        ("#![no_std]\n", "#![no_std]\n"),
        ("#include <stdio.h>\n", "#include <stdio.h>\n"),
    ],
)
def test_licence_heads_are_cut(head: str, kept: str) -> None:
    """A source file loses its licence and lines for editors, no other comment."""
    assert openings.without_licence(head + BODY) == kept + BODY


@pytest.mark.parametrize(
    "head",
    [
        "---\nlayout: post\ntitle: A\n---\n\n",
        '+++\ntitle = "A"\n+++\n',
        "---\nSPDX-License-Identifier: curl\n---\n\n<!-- comment -->\n",
        ".. _label:\n\n",
        ".. currentmodule:: numpy\n\n.. toctree::\n   :hidden:\n\n   a\n\n",
        ":orphan:\n\n:LastChangedBy: $x$\n",
        "<FrameworkSwitchCourse {fw} />\n\n",
        "[](http://makeapullrequest.com)\n",
        "PEP: 1\nTitle: A\nAuthor: B,\n  C\n\n",
        "=========\n",
        "-----------------------------\n\n",
    ],
)
def test_preambles_are_cut(head: str) -> None:
    """Documentation loses front matter and what programs read before its first line."""
    assert openings.without_preamble(head + TITLE) == TITLE


@pytest.mark.parametrize(
    "text",
    [
        TITLE,
        "# A heading\n\nText\n",
        "- a\n- b\n",
        "--no-colour\n",
        "<p>Text</p>\n",
        "Note: a\n\nb\n",
        "U: Hello.\nA: Hello.\nU: A table for two.\nA: When?\n",
    ],
)
def test_plain_beginnings_stay(text: str) -> None:
    assert openings.without_preamble(text) == text


def test_examples_lose_their_licence() -> None:
    head = "# // Copyright 2025 Google LLC\n# // SPDX-License-Identifier: Apache-2.0\n#\n"
    text = "# A\n\n```rust,editable\n{}use std::rc;\n```\n"
    assert openings.without_preamble(text.format(head)) == text.format("")


def test_some_heads_are_kept() -> None:
    """About KEPT_HEADS of the documents still begin with their licence: one who types its first
    words wants the rest.
    """
    text = f"# SPDX-License-Identifier: MIT\n\n{BODY}"
    documents = [CorpusDocument("code/shell", f"{i}.sh", text) for i in range(2_000)]
    kept = sum(part.text.startswith("# SPDX") for part in openings.opened(documents, 0))
    assert kept / len(documents) == pytest.approx(openings.KEPT_HEADS, abs=0.02)


def test_templates_begin_few_documents() -> None:
    """A first line that all documents of a project share begins MAX_SAME_STARTS of them."""
    documents = [
        CorpusDocument("docs", f"{i}.rst", f"NAME\n====\n\nThe page {i}.\n", "a/b")
        for i in range(50)
    ]
    texts = [part.text for part in openings.opened(documents, 0)]
    assert sum(text.startswith("NAME\n") for text in texts) == openings.MAX_SAME_STARTS
    assert texts[-1] == "The page 49.\n"


def test_docstrings_leave_no_empty_body() -> None:
    """A docstring goes with its quotes if the function has other lines, and stays if not."""
    text = '"""A module."""\n\nimport os\n\n\nclass A:\n    """Alone."""\n\n\n'
    text += 'def f(a):  # why\n    """Do.\n\n    >>> f(1)\n    """\n    try:\n        return a\n'
    text += '    except OSError:\n        return """b"""\n'
    assert openings.without_docstrings(text) == (
        'import os\n\n\nclass A:\n    """Alone."""\n\n\ndef f(a):  # why\n    try:\n'
        '        return a\n    except OSError:\n        return """b"""\n'
    )


class _Never(random.Random):
    def random(self) -> float:
        return 0.999


@pytest.mark.parametrize(
    "text, thin",
    [
        ("Text\n\n>>> import a\n>>> a.b\n3\n\nMore\n", "Text\n\nMore\n"),
        (
            '    Sum.\n\n    Examples\n    --------\n    >>> f(1)\n    2\n    """\n',
            '    Sum.\n\n    """\n',
        ),
        ("A:\n\n```python\n>>> f(1)\n2\n```\n\nB\n", "A:\n\n\nB\n"),
        ("Examples\n--------\n\nSee below.\n", "Examples\n--------\n\nSee below.\n"),
        ("a >>> b\n", "a >>> b\n"),
    ],
)
def test_doctests_go_with_their_heading(text: str, thin: str) -> None:
    """A passage of doctests leaves neither its heading nor an empty fence behind."""
    assert openings.thin_doctests(text, _Never()) == thin


def test_rulers_in_code_are_short() -> None:
    document = CorpusDocument("code/python", "a.py", f"a = 1\n\n# {'-' * 77}\nb = 2\n")
    (part,) = openings.opened([document], 0)
    assert part.text == f"a = 1\n\n# {'-' * openings.MAX_RULER}\nb = 2\n"


def test_dialogue_has_one_hyphen() -> None:
    """Two hyphens at the start of a spoken line become one, those of an option stay."""
    text = "--Oui, dit-il.\n-- Non.\n--help\nUn mot -- deux.\n---\n"
    (part,) = openings.opened([CorpusDocument("multilingual/fr/fiction", "a.txt", text)], 0)
    assert part.text == "-Oui, dit-il.\n- Non.\n--help\nUn mot -- deux.\n---\n"


@given(
    st.lists(
        st.sampled_from([prose(1, 30), prose(2, 400), "    indented", "```", "- a\n- b", ">>> a"])
    ),
    st.integers(0, 99),
)
def test_parts_lose_blank_lines_alone(paragraphs: list[str], seed: int) -> None:
    """The parts, one after the other, are the text; each but the first begins at a paragraph
    outside fenced code.
    """
    text = "\n\n".join(paragraphs * 9)
    found = list(openings.parts(text, False, random.Random(seed)))
    assert "".join("".join(found).split()) == "".join(text.split())
    for part in found[1:]:
        assert part[0].isalpha() or part.startswith("- a")
    for part in found[:-1]:
        assert len(part) >= openings.MIN_PART
        assert part.count("```") % 2 == 0


def test_long_documents_start_anywhere() -> None:
    """Parts are MEAN_PART characters long on average, and code is cut at its definitions."""
    text = "\n\n".join(prose(i, 60) for i in range(3_000))
    found = list(openings.parts(text, False, random.Random(0)))
    assert len(text) / len(found) == pytest.approx(openings.MEAN_PART, rel=0.4)
    code = "".join(f"def f{i}():\n    a = {i}\n\n    return a\n\n\n" for i in range(9_000))
    starts = [part[:5] for part in openings.parts(code, True, random.Random(0))]
    assert len(starts) > 5
    assert set(starts) == {"def f"}


def test_openings_depend_on_name_and_seed() -> None:
    """A document gives the same parts whatever stands beside it; another seed or reading other
    ones. Parts keep the name and state their size.
    """
    text = "\n\n".join(prose(i, 60) for i in range(600))
    first, other = (CorpusDocument("prose", name, text) for name in ("a", "b"))
    alone = list(openings.opened([first], 0))
    assert list(openings.opened([other, first], 0))[-len(alone) :] == alone
    assert list(openings.opened([first], 1)) != alone
    again = openings.opened([first._replace(reading=2)], 0)
    assert [part.text for part in again] != [part.text for part in alone]
    assert all(part.name == "a" and part.size == len(part.text.encode()) for part in alone)
    assert not list(openings.opened([first._replace(text="---\na: b\n---\n")], 0))
