"""The text the bundled model is trained on: prose and docs from an unpacked corpus, code from the
package registries.

    python -m default_model.recipe CORPUS PACKAGES DESTINATION --against EVAL

CORPUS is train.tar.zst or the folder in it, PACKAGES a folder for the archives that
``code-packages.lock`` names, which are downloaded unless they are there. DESTINATION gets one file
a document, numbered in a drawn order; a manifest and a list of the documents are written beside it.
Texts with a passage of EVAL, any number of folders or archives, stay out.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from default_model import code_files, packages
from default_model.archives import files_in
from default_model.contamination import Contamination
from default_model.document_files import Document, Manifest, write
from default_model.near_duplicates import NearDuplicates
from default_model.packages import Package
from default_model.shingles import words
from foretype_model.errors import CorpusError, ForetypeError

SHARES: Final = {"prose": 0.40, "docs": 0.20, "multilingual": 0.15, "code": 0.25}
"""Parts of the whole, which is as large as the kind of which there is least allows."""

MOST: Final = 250_000_000
"""Bytes of the whole at most."""


class Source(NamedTuple):
    """Its weight among those of its kind, which the others take over where it has too little; and
    its terms.
    """

    weight: float
    licence: str


GUIDES: Final = "MIT, Apache-2.0, CC BY 4.0"
NOVELS: Final = f"public domain (novels), {GUIDES}"

SOURCES: Final = {
    "prose/fiction": Source(20, "public domain; ELTeC markup CC BY 4.0"),
    "prose/commit-messages": Source(8, "MIT, Apache-2.0, Unlicense, curl, CC0-1.0"),
    "prose/speeches": Source(4, "public domain"),
    "prose/openstax-us-history": Source(3, "CC BY 4.0"),
    "prose/openstax-sociology": Source(2, "CC BY 4.0"),
    "prose/masc": Source(3, "free for any use (ANC)"),
    "docs/python__peps": Source(5, "public domain, CC0-1.0"),
    "docs": Source(20, "MIT, BSD, Apache-2.0, PSF-2.0, curl, CC BY 4.0"),
    "docs/packages": Source(8, ""),
    "multilingual/fr": Source(2.6, NOVELS),
    "multilingual/es": Source(2.0, NOVELS),
    "multilingual/de": Source(2.0, NOVELS),
    "multilingual/pt": Source(1.5, NOVELS),
    "multilingual/ru": Source(1.6, NOVELS),
    "multilingual/it": Source(1.0, GUIDES),
    "multilingual/ja": Source(1.4, GUIDES),
    "multilingual/zh": Source(1.4, GUIDES),
    "multilingual/hi": Source(0.8, GUIDES),
    "multilingual/ar": Source(0.5, f"public domain, {GUIDES}"),
    "multilingual/nl": Source(0.5, "CC BY 4.0"),
    "multilingual/pl": Source(0.5, "CC BY 4.0"),
    "multilingual/tr": Source(0.5, "CC BY 4.0"),
    "code/python": Source(9, ""),
    "code/javascript": Source(5, ""),
    "code/typescript": Source(3, ""),
    "code/rust": Source(4, ""),
    "code/c": Source(3, ""),
    "code/c++": Source(1.5, ""),
    "code/cython": Source(1.5, ""),
    "code/html": Source(1, ""),
    "code/css": Source(1, ""),
    "code/configuration": Source(1, ""),
    "code/shell": Source(0.5, ""),
}
"""A folder named again in a longer entry is counted there. Packages have each its own licence."""

PACKAGE_BYTES: Final = 1_500_000
"""At most this much of each package in each language, so that no project's names dominate."""

ASCII_SHARE: Final = 0.75
"""Part of the documents whose typographic quotes and dashes become the ASCII that people type."""

ASCII: Final = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\u00a0": " "}
)

HELD_BACK: Final = 50
"""Of so many documents of the corpus one is never trained on."""


def source_of(name: str) -> str | None:
    """The longest of SOURCES that the path `name`, relative to the corpus, lies under."""
    return next(
        (folder.as_posix() for folder in Path(name).parents if folder.as_posix() in SOURCES), None
    )


def held_back(name: str) -> bool:
    """Whether the document of the corpus at path `name`, relative to it, is kept for measuring."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % HELD_BACK == 0


def of_corpus(corpus: Path) -> Iterator[Document]:
    """The documents of the corpus that may be trained on; where a byte is no UTF-8, U+FFFD."""
    for name, content in files_in(corpus):
        source = source_of(name)
        if source and not held_back(name):
            yield Document(source, name, content.decode("utf-8", "replace"))


def of_package(package: Package, archive: Path, draw: random.Random) -> Iterator[Document]:
    """What people wrote in a package, drawn up to PACKAGE_BYTES of each language."""
    room = defaultdict[str, int](lambda: PACKAGE_BYTES)
    files = sorted(files_in(archive, code_files.LARGEST))
    for name, content in draw.sample(files, len(files)):
        language = code_files.language_of(name)
        if language and language in package.languages and len(content) <= room[language]:
            text = code_files.written(content, language)
            if text is not None:
                room[language] -= len(content)
                source = "docs/packages" if language == "docs" else f"code/{language}"
                yield Document(source, f"{package.name}/{name}", text, package.name)


def distinct(
    documents: Iterable[Document],
    contamination: Contamination,
    left_out: Mapping[str, Counter[str]],
) -> Iterator[Document]:
    """Those with no passage that models are scored on and not nearly the same as one before.

    Of each source, the documents that are `left_out` for either reason are counted.
    """
    near_duplicates = NearDuplicates()
    for document in documents:
        found = words(document.text)
        if contamination.found(found):
            left_out["contaminated"][document.source] += 1
        elif near_duplicates.seen(found):
            left_out["near-duplicates"][document.source] += 1
        else:
            yield document


def sizes(available: Mapping[str, int]) -> dict[str, float]:
    """Bytes of each source to take, of those that there are: the kinds by SHARES, in each kind by
    weight.

    Raises:
        CorpusError: there is nothing of one of the kinds.
    """
    kinds = {
        kind: {name: size for name, size in available.items() if name.split("/")[0] == kind}
        for kind in SHARES
    }
    missing = [kind for kind, found in kinds.items() if not sum(found.values())]
    if missing:
        raise CorpusError(
            f"there is no text for {' and '.join(missing)}: give the whole corpus and its packages"
        )
    whole = min(MOST, *(sum(found.values()) / SHARES[kind] for kind, found in kinds.items()))
    taken: dict[str, float] = {}
    for kind, found in kinds.items():
        taken |= divided(whole * SHARES[kind], found)
    return taken


def divided(size: float, available: Mapping[str, int]) -> dict[str, float]:
    """`size` bytes divided among sources by weight; what one of them lacks is divided among the
    others.
    """
    weight = sum(SOURCES[name].weight for name in available)
    for name, most in available.items():
        if most < size * SOURCES[name].weight / weight:
            others = {other: found for other, found in available.items() if other != name}
            return {name: float(most)} | (divided(size - most, others) if others else {})
    return {name: size * SOURCES[name].weight / weight for name in available}


def mix(documents: Sequence[Document], draw: random.Random) -> Iterator[Document]:
    """The documents in their order, until their source's share is full; three quarters of the prose
    in ASCII quotes.
    """
    available = Counter[str]()
    for document in documents:
        available[document.source] += len(document.text.encode())
    room = sizes(available)
    for document in documents:
        size = len(document.text.encode())
        if size <= room[document.source] + 1:
            room[document.source] -= size
            typed = not document.source.startswith("code/") and draw.random() < ASCII_SHARE
            yield document._replace(text=document.text.translate(ASCII)) if typed else document


def gather(corpus: Path, archives: Mapping[Package, Path], draw: random.Random) -> list[Document]:
    """All that may be trained on, in a drawn order."""
    documents = sorted(of_corpus(corpus))
    for package, archive in archives.items():
        documents.extend(of_package(package, archive, draw))
    draw.shuffle(documents)
    return documents


def make(
    corpus: Path,
    archives: Mapping[Package, Path],
    destination: Path,
    against: Sequence[Path],
    seed: int,
) -> Manifest:
    """Write the mix of the corpus and the packages' archives; the same seed makes the same
    documents.

    Raises:
        CorpusError: an archive is broken, there is no text of some kind, or `destination` is there
            already.
    """
    draw, left_out = (
        random.Random(seed),
        {"contaminated": Counter[str](), "near-duplicates": Counter[str]()},
    )
    scored = (
        words(content.decode("utf-8", "replace"))
        for path in against
        for _, content in files_in(path)
    )
    contamination = Contamination(scored)
    kept = list(distinct(gather(corpus, archives, draw), contamination, left_out))
    licences = {name: source.licence for name, source in SOURCES.items()}
    of_packages = {package.name: package.licence for package in archives}
    return write(
        mix(kept, draw), destination, licences | of_packages, {"seed": seed, "left out": left_out}
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the mix and print its shares."""
    parser = argparse.ArgumentParser(prog="python -m default_model.recipe")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("destination", type=Path)
    parser.add_argument(
        "--against", type=Path, nargs="*", default=(), help="what models are scored on"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        named = packages.named()
        found = packages.fetch(named, packages.locked(), given.packages)
        archives = {package: found[package.name] for package in named}
        manifest = make(given.corpus, archives, given.destination, given.against, given.seed)
    except ForetypeError as error:
        sys.exit(str(error))
    for source in manifest["sources"]:
        print(f"{source['source']:28} {source['bytes'] / 1e6:7.2f} MB  {source['share']:6.1%}")
    for reason, sources in manifest["left out"].items():
        print(f"{sources.total()} documents left out: {reason}")


if __name__ == "__main__":
    main()
