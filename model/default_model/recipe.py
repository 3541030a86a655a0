"""The text the default model is trained on: prose and docs from corpora, messages that were written
for it, code from the package registries.

    python -m default_model.recipe CORPUS... PACKAGES DESTINATION --against EVAL...

CORPUS is a .tar.zst or the folder in it, PACKAGES a folder for the archives that
``code-packages.lock`` names, which are downloaded unless they are there. DESTINATION is the packed
corpus that a training reads, in a drawn order, and ``--held-out`` names another of the documents
that are kept for measuring. The mix's documents begin as people begin theirs (``openings``); those
for measuring are whole. Beside each file are a manifest (.json) and a list of its documents (.tsv).
Texts with a passage of EVAL, any number of folders or archives, stay out.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from default_model import code_files, messages, packages
from default_model.archives import files_in
from default_model.contamination import Contamination
from default_model.credits import Terms, repository_of
from default_model.document_files import CorpusDocument, CorpusManifest, write
from default_model.near_duplicates import NearDuplicates
from default_model.openings import opened
from default_model.packages import Package
from default_model.proportions import mix
from default_model.shingles import words
from default_model.sources import held_back, source_of
from foretype_model.errors import ForetypeError
from foretype_model.privacy.secret_scanner import remove_secrets

PACKAGE_BYTES: Final = 2_500_000
"""At most this much of each package in each language, so that no project's names dominate."""

HELD_OUT_BYTES: Final = 4_000_000
EXCERPT: Final = 100_000
"""Bytes of the documents for measuring, in all and of each at most: a novel would be a tenth of the
whole.
"""


def corpus_documents(corpus: Path) -> Iterator[CorpusDocument]:
    """Yield the documents of a corpus; a byte that is not UTF-8 becomes U+FFFD."""
    for name, content in files_in(corpus):
        source = source_of(name)
        if source:
            yield document_of(
                source, name, content.decode("utf-8-sig", "replace"), repository_of(name)
            )


def message_documents() -> Iterator[CorpusDocument]:
    """Yield the messages that were written for the model."""
    for source, name, text in messages.texts():
        yield document_of(source, name, text, messages.PROJECT)


def package_documents(
    package: Package, archive: Path, rng: random.Random
) -> Iterator[CorpusDocument]:
    """Yield the files of a package that people wrote, drawn up to PACKAGE_BYTES of each
    language.
    """
    room = defaultdict[str, int](lambda: PACKAGE_BYTES)
    files = sorted(files_in(archive, code_files.MAX_FILE_BYTES))
    for name, content in rng.sample(files, len(files)):
        language = code_files.detect_language(name)
        if language and language in package.languages and len(content) <= room[language]:
            text = code_files.decode_source(content, language)
            if text is not None:
                room[language] -= len(content)
                source = "docs/packages" if language == "docs" else f"code/{language}"
                yield document_of(source, f"{package.name}/{name}", text, package.name)


def document_of(source: str, name: str, text: str, project: str) -> CorpusDocument:
    """Return the document without keys and passwords, lines ending in LF."""
    content, _found = remove_secrets(text.replace("\r\n", "\n").encode())
    return CorpusDocument(source, name, content.decode(), project, len(content))


def deduplicate(
    documents: Iterable[CorpusDocument],
    contamination: Contamination,
    near_duplicates: NearDuplicates,
    left_out: Mapping[str, Counter[str]],
) -> Iterator[CorpusDocument]:
    """Yield the documents that share no passage with scored texts and are not near-duplicates of
    earlier ones.

    Count the others in `left_out`, by reason and source.
    """
    for document in documents:
        found = words(document.text)
        if contamination.found(found):
            left_out["contaminated"][document.source] += 1
        elif near_duplicates.seen(found):
            left_out["near-duplicates"][document.source] += 1
        elif document.text.strip() and "\0" not in document.text:
            yield document


def gather(
    corpora: Sequence[Path], archives: Mapping[Package, Path], rng: random.Random
) -> list[CorpusDocument]:
    """Return all that may be read, documents for measuring first, in a drawn order.

    A text of the mix that is nearly the same as one of them is left out then, and not the other way
    round.
    """
    documents = sorted(document for corpus in corpora for document in corpus_documents(corpus))
    documents.extend(message_documents())
    for package, archive in archives.items():
        documents.extend(package_documents(package, archive, rng))
    rng.shuffle(documents)
    return sorted(documents, key=lambda document: not held_back(document.name))


def excerpt(document: CorpusDocument) -> CorpusDocument:
    """Return the beginning of a document that is kept for measuring, up to the end of a line if
    there is one.
    """
    if document.size <= EXCERPT:
        return document
    text = document.text.encode()[:EXCERPT].decode("utf-8", "ignore")
    text = text[: text.rfind("\n") + 1] or text
    return document._replace(text=text, size=len(text.encode()))


def make(
    corpora: Sequence[Path],
    archives: Mapping[Package, Path],
    destination: Path,
    *,
    held_out: Path | None,
    against: Sequence[Path],
    seed: int,
) -> CorpusManifest:
    """Write the mix of the corpora and the packages' archives, and to `held_out` the documents for
    measuring.

    The same seed makes the same documents.

    Raises:
        CorpusError: an archive is broken, there is no text of some kind, or `destination` is there
            already.
    """
    rng, left_out = (
        random.Random(seed),
        {"contaminated": Counter[str](), "near-duplicates": Counter[str]()},
    )
    scored = (
        words(content.decode("utf-8", "replace"))
        for path in against
        for _, content in files_in(path)
    )
    contamination, terms = Contamination(scored), Terms(corpora)
    kept = list(
        deduplicate(gather(corpora, archives, rng), contamination, NearDuplicates(), left_out)
    )
    licences = terms.licences | {messages.PROJECT: messages.LICENCE}
    licences |= {package.name: package.licence for package in archives}
    facts: CorpusManifest = {"seed": seed, "left out": left_out}
    measured = [excerpt(document) for document in kept if held_back(document.name)]
    if held_out:
        write(
            mix(measured, random.Random(seed), HELD_OUT_BYTES, once=True), held_out, licences, facts
        )
    chosen = mix([document for document in kept if not held_back(document.name)], rng)
    return write(opened(chosen, seed), destination, licences, facts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the mix of the command line and print its shares."""
    parser = argparse.ArgumentParser(prog="python -m default_model.recipe")
    parser.add_argument("corpora", metavar="CORPUS", type=Path, nargs="+")
    parser.add_argument("packages", metavar="PACKAGES", type=Path)
    parser.add_argument("destination", metavar="DESTINATION", type=Path)
    parser.add_argument(
        "--held-out", type=Path, help="the file to write the documents for measuring to"
    )
    parser.add_argument(
        "--against", type=Path, nargs="*", default=(), help="texts that models are scored on"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        named = packages.read_package_list()
        found = packages.fetch(named, packages.read_lock_file(), given.packages)
        archives = {package: found[package.name] for package in named}
        manifest = make(
            given.corpora,
            archives,
            given.destination,
            held_out=given.held_out,
            against=given.against,
            seed=given.seed,
        )
    except ForetypeError as error:
        sys.exit(str(error))
    for row in manifest["sources"]:
        print(f"{row['source']:45} {row['bytes'] / 1e6:7.2f} MB  {row['share']:6.1%}")
    for reason, sources in manifest["left out"].items():
        print(f"{sources.total()} documents left out: {reason}")


if __name__ == "__main__":
    main()
