"""Let the documents of the mix begin as the texts that people type begin.

Files of a repository begin with a licence, front matter or a module docstring, and a network that
reads whole files offers these in every empty document. So most heads that a publisher or a program
wants are cut, most doctests and half of the docstrings are left out, and long documents are cut at
random places, so that a text often starts in the middle. The draws for a document depend on the
seed, its name and its reading alone. Documents for measuring stay as they are.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from default_model import messages
from default_model.document_files import CorpusDocument

KEPT_HEADS: Final = 0.05
"""Part of the documents that keep their head: who types "# SPDX" wants the rest of it."""

KEPT_DOCTESTS: Final = 0.25
"""Part of the passages with ">>>" that stay. Half of them begin with an import, so that ">>>" was
offered after one.
"""

KEPT_DOCSTRINGS: Final = 0.5
"""Part of the Python documents that keep their docstrings. With all of them, three quotes are what
most often follows a colon and a new line, also after "try:".
"""

MEAN_PART: Final = 25_000
"""Characters after which a document is cut, on average. The places have no memory (an exponential
distribution), so that every place in a long document is as likely to be a start.
"""

MIN_PART: Final = 1_000
"""Characters of a part at least."""

MAX_RULER: Final = 20
"""Characters of a ruler in a comment; repositories fill the line up to its 79th column."""

MAX_SAME_STARTS: Final = 20
"""Documents of a project that begin with the same line; later ones lose it, unless they are code.
Of the manual pages of curl 280 begin with "# NAME".
"""

LICENCE: Final = re.compile(
    r"SPDX-|copyright|\(c\) \d{4}|all rights reserved|permission is hereby granted"
    r"|licen[sc]ed (under|to)|general public licen[sc]e|redistribution and use|BSD-style"
    r"|(MIT|Apache|BSD)\b[^\n]{0,20} licen[sc]e",
    re.IGNORECASE,
)

SHEBANG: Final = re.compile(r"#!(?!\[)[^\n]*\n")

CODE_BLOCK: Final = re.compile(
    r"/\*(?s:.*?)\*/\s*|<!--(?s:.*?)-->\s*|\{#(?s:.*?)#\}\s*|\"{3}(?s:.*?)\"{3}\s*"
    r"|(?:[ \t]*//(?![/!])[^\n]*\n)+\s*|(?:[ \t]*#(?=[\s#*=-])[^\n]*\n)+\s*"
)
"""A comment or docstring at the head of a source file."""

EDITOR_LINE: Final = re.compile(r"[#/*; ]+(-\*-|vim?:|[Ee]n?coding[:=])[^\n]*\n\s*|---[ ]*\n\s*")
"""A line that an editor, an old interpreter or a reader of YAML looks for."""

MAX_HEAD_BLOCKS: Final = 4
"""Blocks to look for a licence in: some files describe themselves before it."""

TEXT_HEAD: Final = re.compile(
    r"(?P<fence>---|\+\+\+)[ ]*\n(?s:.{0,4000}?)\n(?P=fence)[ ]*(?:\n\s*|\Z)"  # YAML, TOML
    r"|<!--(?s:.*?)-->\s*"
    r"|\.\. [^\n]*\n(?:[ \t]+[^\n]*\n|[ \t]*\n)*"  # a comment, label or directive with its body
    r"|:[\w -]+:[^\n]*\n\s*"
    r"|<[A-Z]\w*[^<>\n]*/>\s*"  # a component of MDX
    r"|\[\]\([^\n]*\)\s*"  # a badge without its picture
    r"|[A-Z][\w-]*:[^\n]*\n(?:Title|Author|Subject|Date|Version):[^\n]*\n"  # fields, as in PEPs
    r"(?:[A-Z][\w-]*:[^\n]*\n|[ \t]+\S[^\n]*\n)*\s*"
    r"|(?P<mark>[=\-*#~_+])(?P=mark){3,}[ ]*\n\s*"  # a line above a title, a ruler
)
"""Heads of documents: licences, editor lines and other pieces for publishers and programs."""

FENCED_LICENCE: Final = re.compile(
    r"^([ \t]*`{3}[^`\n]*\n)(?:[ \t]*#?[ ]?(?://|#)[^\n]*(?:Copyright|SPDX-)[^\n]*\n)+(?:#[ ]*\n)?",
    re.MULTILINE,
)
"""A licence at the head of an example."""

DOCTESTS: Final = re.compile(
    r"(?:^[ \t]*Examples?[ \t]*\n[ \t]*-{3,}[ \t]*\n)?"
    r"(?:^[ \t]*>>>(?![^\n]*(?:\"{3}|'{3}))[^\n]*\n"
    r"(?:(?![^\n]*(?:\"{3}|'{3}|```|\*/))[ \t]*\S[^\n]*\n)*(?:[ \t]*\n)*)+",
    re.MULTILINE,
)
"""Doctests that stand together, with the heading above them."""

EMPTY_FENCE: Final = re.compile(r"^([ \t]*```)[^`\n]*\n\s*\1[ \t]*\n", re.MULTILINE)

MODULE_DOCSTRING: Final = re.compile(r"\A\s*[rRuU]?(?>\"{3}(?s:.*?)\"{3})[ \t]*(?:\n\s*|\Z)")

DOCSTRING: Final = re.compile(
    r"(?P<colon>:[ \t]*(?:#[^\n]*)?\n)(?P<indent>[ \t]+)[rRuU]?(?>\"{3}(?s:.*?)\"{3})"
    r"[ \t]*\n(?:[ \t]*\n)*(?=(?P=indent)\S)"
)
"""A docstring with more of its function or class below it, which can stand without."""

RULER: Final = re.compile(r"([=\-*#~_+/])\1{" + str(MAX_RULER) + ",}")

DIALOGUE: Final = re.compile(r"^([ \t]*)--(?=[^\S\n]|[^\W\da-z_])", re.MULTILINE)
"""A dash in ASCII at the start of a spoken line, where people type one hyphen."""

TITLE: Final = re.compile(r"\A(?=[^\n]*\w)(?!SPDX-)[^\n]*\n(?:([=\-~^*#])\1+[ ]*\n)?\s*")
"""The first line, with a ruler below it."""

FENCE: Final = re.compile(r"^[ \t]*(?:`{3}|~{3})", re.MULTILINE)
PARAGRAPH: Final = re.compile(r"\n\s*\n(?!\s|[-=*_~+]{2}|\.\. |>>>|```|[|<\[\]{}:])(?=.)")
DEFINITION: Final = re.compile(
    r"\n\s*\n(?=(?:@\w|#\[|///|/\*\*|(?:export|pub|async|static|const|def|class|fn|func|function"
    r"|impl|struct|enum|trait|type|interface|let|var|mod|cdef|cpdef|template|namespace|typedef"
    r"|void|int|char|bool)\b|[.#]?[\w-]+ \{))"
)


def opened(documents: Iterable[CorpusDocument], seed: int) -> Iterator[CorpusDocument]:
    """Yield the documents, begun as people begin theirs, each in one or more parts.

    A part keeps the document's name. A document of which nothing would stay is left out.
    """
    starts = Counter[tuple[str, str]]()
    for document in documents:
        if messages.are_source(document.source):  # they begin so already
            yield document
            continue
        rng = random.Random(f"{seed} {document.reading} {document.name}")
        text, code = _thinned(document, rng), document.source.startswith("code/")
        start = document.project, text.partition("\n")[0]
        starts[start] += 1
        if starts[start] > MAX_SAME_STARTS and not code:
            text = TITLE.sub("", text)
        for part in parts(text, code, rng):
            yield document._replace(text=part, size=len(part.encode()))


def _thinned(document: CorpusDocument, rng: random.Random) -> str:
    """Return the text with fewer heads, doctests and docstrings, as drawn."""
    text, code = document.text, document.source.startswith("code/")
    if rng.random() >= KEPT_HEADS:
        text = without_licence(text) if code else without_preamble(text)
    if document.source == "code/python" and rng.random() >= KEPT_DOCSTRINGS:
        text = without_docstrings(text)
    if ">>>" in text:
        text = thin_doctests(text, rng)
    if code:
        return RULER.sub(lambda found: found[1] * MAX_RULER, text)
    if document.source.startswith(("prose", "multilingual/")):
        return DIALOGUE.sub(r"\1-", text)
    return text


def without_licence(text: str) -> str:
    """Return a source file without the licence at its head and without lines for editors.

    Its "#!" line and other comments stay.
    """
    text = text.lstrip()
    shebang = SHEBANG.match(text)
    kept, at = [shebang[0]] if shebang else [], shebang.end() if shebang else 0
    for _ in range(MAX_HEAD_BLOCKS):
        if found := EDITOR_LINE.match(text, at):
            at = found.end()
        elif found := CODE_BLOCK.match(text, at):
            at = found.end()
            if not LICENCE.search(found[0]):
                kept.append(found[0])
        else:
            break
    return "".join([*kept, text[at:].lstrip("\n")])


def without_preamble(text: str) -> str:
    """Return prose or documentation without front matter, comments and directives at its head."""
    text = text.lstrip()
    at = 0
    while (found := TEXT_HEAD.match(text, at)) and found.end() > at:
        at = found.end()
    return FENCED_LICENCE.sub(r"\1", text[at:].lstrip("\n"))


def without_docstrings(text: str) -> str:
    """Return a Python file without its docstrings, except those that are all of a body."""
    return DOCSTRING.sub(r"\g<colon>", MODULE_DOCSTRING.sub("", text))


def thin_doctests(text: str, rng: random.Random) -> str:
    """Return the text with a drawn part of its doctests, KEPT_DOCTESTS of them on average."""
    thin = DOCTESTS.sub(lambda found: found[0] if rng.random() < KEPT_DOCTESTS else "", text)
    return EMPTY_FENCE.sub("", thin) if thin != text else text


def parts(text: str, code: bool, rng: random.Random) -> Iterator[str]:
    """Yield the text in parts of about MEAN_PART characters.

    A part begins at a paragraph outside fenced code, or in code at a definition without indent.
    Nothing but blank lines is lost between the parts.
    """
    start, border = 0, DEFINITION if code else PARAGRAPH
    while start < len(text):
        size = MIN_PART + int(rng.expovariate(1 / (MEAN_PART - MIN_PART)))
        stop = next(
            (
                found
                for found in border.finditer(text, start + size, len(text) - MIN_PART)
                if not len(FENCE.findall(text, start, found.start())) % 2
            ),
            None,
        )
        part = text[start : stop.start() + 1] if stop else text[start:]
        if part.strip():
            yield part
        start = stop.end() if stop else len(text)
