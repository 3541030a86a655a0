"""Choose the files of a package that people wrote there, and find their language."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

LANGUAGES: Final = {
    "python": ".py .pyi",
    "rust": ".rs",
    "go": ".go",
    "javascript": ".js .mjs .cjs .jsx",
    "typescript": ".ts .tsx .mts",
    "c": ".c .h",
    "c++": ".cc .cpp .cxx .hh .hpp .hxx",
    "cython": ".pyx .pxd .pxi",
    "html": ".html .htm .jinja .jinja2 .j2",
    "css": ".css .scss .sass .less",
    "shell": ".sh .bash .zsh",
    "configuration": ".toml .yaml .yml .json .cfg .ini",
    "docs": ".md .mdx .rst .txt",
}
"""Suffixes of each language's files; plain text counts if it is documentation."""

LANGUAGE_OF: Final = {
    suffix: language for language, suffixes in LANGUAGES.items() for suffix in suffixes.split()
}

MIN_FILE_BYTES, MAX_FILE_BYTES = 300, 200_000
"""Bytes of a file. Shorter ones say nothing; longer ones are tables."""

MAX_LINE: Final = 1_000
MAX_MEAN_LINE: Final = 120
"""Characters a line above which a program wrote the file; prose has its paragraphs on a line."""

EXCLUDED_PATHS: Final = re.compile(
    # tests' data
    r"(^|/)(tests?|testing|__tests__|test-?data|fixtures|corpora|baseline_images|cassettes|snapshots?"
    r"|_?vendor(ed)?(-[\w-]+)?|third[_-]?party|extern(als?)?|_?extern|node_modules|subprojects|libs|licenses?"
    r"|typeshed|highway|x86-simd-sort|pythoncapi-compat|(lib)?svm|liblinear|datasets/\w+"
    r"|locales?|i18n|data|dist|build|_static|compiled|generated|typings/generated)/"
    r"|(^|/)(package-lock|licen[sc]e|copying|notice|authors|thanks|requirements|sources|top_level|entry_points)\b"
    r"|_test\.go$|\.pb\.go$|_pb2|\.min\.|-min\.|\.data/|\.egg-info/|\.dist-info/|(^|/)PKG-INFO",
    re.IGNORECASE,
)
"""Paths of test data, of other packages' sources, of generated files, and of terms and tables."""

GENERATED_MARKERS: Final = re.compile(
    r"@generated|auto-?generated|automatically generated|generated (by|from|with|automatically)|do "
    r"not edit"
    r"|sourceMappingURL=",
    re.IGNORECASE,
)
MARKER_CHARACTERS: Final = 1_000
"""Characters at either end of a file that may say that a program wrote it."""


def detect_language(name: str) -> str | None:
    """Return the language of the file at path `name` in a package; None if no person wrote it
    there.
    """
    language = LANGUAGE_OF.get(PurePosixPath(name).suffix.lower())
    if language == "docs" and name.endswith(".txt") and not re.search(r"(^|/)docs?/", name):
        return None
    if language == "typescript" and ".d." in name and not re.search(r"(^|/)(types|typings)/", name):
        return None  # most are a compiler's
    if language == "html" and re.search(r"(^|/)docs?/", name):
        return None
    return None if EXCLUDED_PATHS.search(name) else language


def decode_source(content: bytes, language: str) -> str | None:
    """Return the text of a file, lines ending in LF, if it is UTF-8 of a fitting size and looks
    written by a person.
    """
    if not MIN_FILE_BYTES <= len(content) <= MAX_FILE_BYTES:
        return None
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    crammed = max(map(len, lines)) > MAX_LINE or len(text) > MAX_MEAN_LINE * len(lines)
    if (
        "\0" in text
        or (crammed and language != "docs")
        or GENERATED_MARKERS.search(text[:MARKER_CHARACTERS] + "\n" + text[-MARKER_CHARACTERS:])
    ):
        return None
    return text
