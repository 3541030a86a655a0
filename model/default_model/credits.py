"""Repositories of a corpus and their terms, and the tables that credit them in the model card.

    python -m default_model.credits MANIFEST CORPUS...

prints the tables of a mix. MANIFEST is the .json beside it, CORPUS a folder or archive that it was
made of. Each corpus lists its repositories, revisions and licences in LICENSES/SOURCES.md.
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from default_model.archives import sources_file_of
from default_model.document_files import CorpusManifest

ROW: Final = re.compile(
    r"\| (?P<repository>[^|\s]+/[^|\s]+) \| (?P<revision>\w+) \| (?P<licence>[^|]+?) \|"
)
ITEM: Final = re.compile(
    r"- (?P<repository>\S+/\S+) @ (?P<revision>\S+)[^:]*: (?P<licence>.+?)(  \(no licence "
    r"file.*\))?$"
)

REPOSITORY: Final = re.compile(r"(?P<owner>[^_]\S*?)__(?P<name>\S+?)(-\d\d)?(\.txt)?")
"""A part of a path that names a repository; long ones are split into numbered files."""

BOOK: Final = re.compile(r"standardebooks/(?P<name>\S+?)(-\d+)?\.txt$")

ELSEWHERE: Final = {
    r"prose/fiction/": "COST-ELTeC/ELTeC-eng",
    r"multilingual/de/fiction/": "COST-ELTeC/ELTeC-deu",
    r"multilingual/es/fiction/": "COST-ELTeC/ELTeC-spa",
    r"multilingual/fr/fiction/": "COST-ELTeC/ELTeC-fra",
    r"multilingual/pt/fiction/": "COST-ELTeC/ELTeC-por",
    r"multilingual/ru/fiction/": "COST-ELTeC/ELTeC-rus",
    r"prose/(masc|speeches)/": "nltk/nltk_data",
    r"prose/openstax-sociology/": "openstax/osbooks-introduction-sociology",
    r"prose/openstax-us-history/": "openstax/osbooks-us-history",
    r"multilingual/\w+/book-ja/": "rust-lang-ja/book-ja",
    r"multilingual/\w+/fastapi/": "fastapi/fastapi",
    r"multilingual/\w+/hf-course/": "huggingface/course",
    r"multilingual/\w+/opensource\.guide/": "github/opensource.guide",
    r"multilingual/\w+/trpl-zh-cn/": "KaiserY/trpl-zh-cn",
}
"""Repositories of folders whose paths do not name them."""


UNREAD: Final = frozenset({"OpenITI/RAW_Hindawi"})
"""Repositories that a corpus lists and the recipe reads nothing of: their terms are not settled."""


class Terms:
    """Licences and revisions of the repositories in corpora, folders or archives."""

    def __init__(self, corpora: Sequence[Path]) -> None:
        self.licences: dict[str, str] = {}
        self.revisions: dict[str, str] = {}
        for corpus in corpora:
            for line in sources_file_of(corpus).splitlines():
                found = ROW.match(line) or ITEM.match(line)
                if found and found["repository"] not in UNREAD:
                    self.licences[found["repository"]] = found["licence"]
                    self.revisions[found["repository"]] = found["revision"]


def repository_of(name: str) -> str:
    """Return the repository, as OWNER/NAME, of the document at path `name` in a corpus; nothing if
    none is known.
    """
    for folder, repository in ELSEWHERE.items():
        if re.match(folder, name):
            return repository
    if book := BOOK.search(name):
        return f"standardebooks/{book['name']}"
    for part in PurePosixPath(name).parts:
        if found := REPOSITORY.fullmatch(part):
            return f"{found['owner']}/{found['name']}"
    return ""


def tables(manifest: CorpusManifest, terms: Terms) -> str:
    """Return the card's tables in Markdown: sources, languages, repositories, and a paragraph of
    packages.

    Every repository of the corpora is credited, also those of which the mix has nothing, except
    UNREAD ones.
    """
    parts = (
        _shares("source", manifest),
        _shares("language", manifest),
        _repositories(manifest, terms),
    )
    packages = ", ".join(
        f"{row['project']} ({row['licence']})"
        for row in manifest["projects"]
        if row["project"] not in terms.licences and row["licence"]
    )
    return "\n\n".join(
        ["\n".join(part) for part in parts] + [textwrap.fill(packages, 120, break_on_hyphens=False)]
    )


def _shares(by: str, manifest: CorpusManifest) -> Iterator[str]:
    yield f"| {by} | MB | read again, MB | share |\n| --- | --- | --- | --- |"
    for row in manifest[f"{by}s"]:
        again, size = row["read again"] / 1e6, row["bytes"] / 1e6
        yield f"| {row[by]} | {size:.2f} | {again:.2f} | {row['share']:.1%} |"


def _repositories(manifest: CorpusManifest, terms: Terms) -> Iterator[str]:
    sizes = {row["project"]: row["bytes"] / 1e6 for row in manifest["projects"]}
    yield "| collection | revision | terms | MB |\n| --- | --- | --- | --- |"
    for name, licence in sorted(terms.licences.items(), key=lambda item: item[0].lower()):
        yield f"| {name} | `{terms.revisions[name][:12]}` | {licence} | {sizes.get(name, 0):.2f} |"


def main() -> None:
    """Print the tables of the mix that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m default_model.credits")
    parser.add_argument("manifest", metavar="MANIFEST", type=Path)
    parser.add_argument("corpora", metavar="CORPUS", type=Path, nargs="+")
    given = parser.parse_args()
    print(tables(json.loads(given.manifest.read_text("utf-8")), Terms(given.corpora)))


if __name__ == "__main__":
    main()
