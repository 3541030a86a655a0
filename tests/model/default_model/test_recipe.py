"""The recipe of the default model's corpus: shares, what is left out, and the same text for the
same seed.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from default_model import code_files, packages, proportions, recipe, sources
from default_model.archives import files_in
from default_model.credits import Terms, repository_of, tables
from default_model.packages import Package, Version
from foretype_model.errors import CorpusError
from foretype_model.training.pack import PackedDocuments

LEXICON = [
    "".join(random.Random(i).choices("abcdefghijklmnopqrstuvwxyz", k=2 + i % 7))
    for i in range(3000)
]
SOURCES = {
    "prose/fiction": 40,
    "prose/masc": 20,
    "docs/python__peps": 20,
    "docs/other": 30,
    "multilingual/fr": 40,
}
PYTHON = Package("pypi", "thing", "MIT", frozenset({"python", "c", "docs"}))
SCRIPT = Package("npm", "@scope/other", "ISC", frozenset({"javascript"}))


def prose(seed: int, count: int = 200) -> str:
    return " ".join(random.Random(seed).choices(LEXICON, k=count))


def lines(seed: int, count: int = 60) -> str:
    return "".join(f"{prose(seed * 1000 + i, 5)}\n" for i in range(count))


def tar(path: Path, files: dict[str, str], root: str = "root") -> Path:
    """A .tar.gz or a .tar.zst, by its suffix."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    if path.suffix == ".zst":
        path.write_bytes(zstandard.compress(packed.getvalue()))
    else:
        packed.seek(0)
        with tarfile.open(path, "w:gz") as archive, tarfile.open(fileobj=packed) as plain:
            for member in plain:
                archive.addfile(member, plain.extractfile(member))
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    files = {"LICENSES/MIT.txt": prose(1), "unknown/a.txt": prose(2)}
    for i, (source, count) in enumerate(SOURCES.items()):
        files |= {f"{source}/{j}.txt": f"“{prose(100 * i + j)}” — so…" for j in range(count)}
    return tar(tmp_path_factory.mktemp("corpus") / "train.tar.zst", files, root="train")


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[Package, Path]:
    folder = tmp_path_factory.mktemp("packages")
    python = {f"thing/{i}.py": lines(5000 + i) for i in range(40)} | {
        f"src/{i}.c": lines(6000 + i) for i in range(20)
    }
    script = {f"lib/{i}.js": lines(7000 + i) for i in range(30)}
    return {
        PYTHON: tar(folder / "pypi-thing-1.0.tar.gz", python),
        SCRIPT: tar(folder / "npm-@scope-other-2.0.tar.gz", script),
    }


@pytest.fixture
def make(corpus: Path, archives: dict[Package, Path], tmp_path: Path):
    def made(name: str = "mix", **changes) -> dict:
        arguments = {
            "corpora": [corpus],
            "archives": archives,
            "held_out": None,
            "against": [],
            "seed": 0,
        } | changes
        return recipe.make(destination=tmp_path / f"{name}.corpus", **arguments)

    return made


def written(path: Path) -> list[str]:
    documents = PackedDocuments(path)
    return [documents.read(i, 0, int(size)).decode() for i, size in enumerate(documents.sizes)]


def table(path: Path) -> list[tuple[str, str, str]]:
    return [tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()]


def test_kinds_have_their_shares(make, tmp_path) -> None:
    """The manifest beside the corpus has its size, checksum, terms and the share of each kind."""
    manifest = make()
    texts = written(tmp_path / "mix.corpus")
    assert manifest == json.loads((tmp_path / "mix.json").read_text("utf-8"))
    assert manifest["seed"] == 0
    assert manifest["documents"] == len(texts)
    assert manifest["sha256"] == hashlib.sha256("".join(texts).encode()).hexdigest()
    assert manifest["bytes"] == sum(len(text.encode()) for text in texts)
    for kind, share in sources.SHARES.items():
        found = sum(row["share"] for row in manifest["sources"] if row["source"].startswith(kind))
        assert found == pytest.approx(share, abs=0.04), kind
    terms = {row["source"]: row["licence"] for row in manifest["sources"]}
    assert (terms["code/python"], terms["code/javascript"]) == ("MIT", "ISC")
    projects = {row["project"] for row in manifest["projects"]}
    assert projects == {
        "thing",
        "@scope/other",
        "COST-ELTeC/ELTeC-eng",
        "nltk/nltk_data",
        "python/peps",
    }
    rows = table(tmp_path / "mix.tsv")
    assert [int(number) for number, _, _ in rows] == list(range(len(texts)))
    assert not [name for _, _, name in rows if name.startswith(("LICENSES", "unknown"))]


def test_full_sources_take_over_the_rest() -> None:
    """A source gives no more than its documents; the others of its kind divide the rest by
    weight.
    """
    available = {"prose/fiction": 1000, "prose/speeches": 3, "prose/masc": 1000}
    weights = {name: sources.SOURCES[name].weight for name in available}
    sizes = proportions.divided(100, available, weights)
    assert sizes["prose/speeches"] == 3
    assert sum(sizes.values()) == pytest.approx(100)
    ratio = weights["prose/fiction"] / weights["prose/masc"]
    assert sizes["prose/fiction"] / sizes["prose/masc"] == pytest.approx(ratio)


@given(available=st.dictionaries(st.sampled_from(sorted(sources.SOURCES)), st.integers(1, 10**9)))
def test_scarcest_kind_sets_the_size(available: dict[str, int]) -> None:
    """The whole is as large as the scarcest kind allows, and no source exceeds its bytes."""
    kinds = {name.partition("/")[0] for name in available}
    if kinds != set(sources.SHARES):
        with pytest.raises(CorpusError, match="give the whole corpus"):
            proportions.sizes(available)
        return
    taken = proportions.sizes(available)
    whole = sum(taken.values())
    assert all(size <= available[name] * 1.000001 for name, size in taken.items())
    assert whole <= sources.MOST * 1.000001
    used = []
    for kind, share in sources.SHARES.items():
        names = [name for name in available if name.startswith(kind)]
        assert sum(taken[name] for name in names) == pytest.approx(whole * share)
        used.append(sum(taken[name] for name in names) / sum(available[name] for name in names))
    assert max(used) == pytest.approx(1) or whole == pytest.approx(sources.MOST)


def test_machine_translations_only_fill_gaps() -> None:
    """A language with enough other text has at most a seventh of them; one with nothing else is
    made of them.
    """
    available = {f"{kind}/{name}": 10**9 for kind, name in (("prose", "fiction"), ("code", "go"))}
    available |= {"docs": 10**9, "multilingual/de": 10**9, "multilingual/de/machine": 10**9}
    available |= {"multilingual/he/machine": 10**9, "multilingual/he": 1000}
    sizes = proportions.sizes(available)
    german, hebrew = (
        sizes[f"multilingual/{language}/machine"]
        / (sizes[f"multilingual/{language}/machine"] + sizes[f"multilingual/{language}"])
        for language in ("de", "he")
    )
    assert 0 < german <= 1 / 7
    assert hebrew > 0.99


def test_the_mix_has_thirty_languages() -> None:
    """With as much text as it may have, every language other than English has one part in a hundred
    at least.
    """
    sizes = proportions.sizes(dict.fromkeys(sources.SOURCES, 10**9))
    whole = sum(sizes.values())
    for language in sources.LANGUAGES:
        parts = [
            size
            for name, size in sizes.items()
            if sources.group_of(name) == f"multilingual/{language}"
        ]
        assert sum(parts) / whole >= 0.01, language
    assert len(sources.LANGUAGES) == 29
    assert sum(size for name, size in sizes.items() if name.endswith("fiction")) / whole <= 0.15


@pytest.mark.parametrize(
    "name, source",
    [
        ("prose/fiction/a.txt", "prose/fiction"),
        ("prose/standardebooks/a_b-1.txt", "prose/standardebooks"),
        ("prose/owner__blog/posts/a.md", "prose"),
        ("docs/python__peps/a.rst", "docs/python__peps"),
        ("multilingual/de/fiction/a.txt", "multilingual/de/fiction"),
        ("multilingual/zh-TW/owner__book/a.md", "multilingual/zh-TW"),
        ("multilingual/he/owner__IoT-For-Beginners/a.md", "multilingual/he/machine"),
        ("docs/owner__IoT-For-Beginners/a.md", "docs"),
        ("multilingual/xx/a.md", None),
        ("prose/18F__guides/a.md", None),
        ("multilingual/fr/18F__identity-site/a.md", None),
        ("docs/dotnet__docs-maui/a.md", None),
        ("a.txt", None),
    ],
)
def test_paths_name_their_source(name: str, source: str | None) -> None:
    """The longest folder counts; courses translated by machine and authors that are scored stand
    apart.
    """
    assert sources.source_of(name) == source


def test_thin_sources_are_read_again(make, corpus, tmp_path) -> None:
    """A source may fill its share with further readings, each of which begins after all of its
    documents.
    """
    files = {
        name: content.decode()
        for name, content in files_in(corpus)
        if name.startswith(("prose/f", "docs"))
    }
    files |= {f"multilingual/da/{i}.txt": prose(900 + i) for i in range(9)}
    manifest = make(corpora=[tar(tmp_path / "thin.tar.zst", files)])
    danish = [
        name for _, source, name in table(tmp_path / "mix.tsv") if source == "multilingual/da"
    ]
    counts = [danish.count(name) for name in set(danish)]
    assert max(counts) > 1
    assert max(counts) - min(counts) <= 1
    assert max(counts) <= sources.LANGUAGES["da"].readings
    row = next(row for row in manifest["languages"] if row["language"] == "da")
    assert set(manifest["languages under one part in a hundred"]) <= {"da"}
    assert row["read again"] == pytest.approx(
        row["bytes"] * (1 - len(set(danish)) / len(danish)), rel=0.2
    )


def test_seeds_repeat_the_same_mix(make, corpus, tmp_path) -> None:
    """A seed makes the same documents in the same order, from an archive or a folder; another seed
    does not.
    """
    first, same, other = make("a"), make("b"), make("c", seed=1)
    assert first["sha256"] == same["sha256"] != other["sha256"]
    assert written(tmp_path / "a.corpus") == written(tmp_path / "b.corpus")
    for name, content in files_in(corpus):
        target = tmp_path / "unpacked" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    assert make("d", corpora=[tmp_path / "unpacked"])["sha256"] == first["sha256"]


def test_corpora_are_read_together(make, corpus, tmp_path) -> None:
    """A text that is in two corpora stands in the mix once; what only the second has stands beside
    it.
    """
    files = {name: content.decode() for name, content in files_in(corpus)}
    second = {f"prose/owner__blog/{i}.md": prose(70_000 + i) for i in range(5)}
    both = [corpus, tar(tmp_path / "second.tar.zst", files | second)]
    make(corpora=both)
    rows = table(tmp_path / "mix.tsv")
    named = [
        name
        for _, source, name in rows
        if not source.startswith("multilingual") and "masc" not in source
    ]
    assert len(named) == len(set(named))
    assert any(name in second for name in named)


def test_quotes_are_mostly_ascii(make, tmp_path) -> None:
    """In three quarters of the prose, quotes and dashes are those that people type."""
    make()
    texts = [text for text in written(tmp_path / "mix.corpus") if "so" in text[-6:]]
    typeset = sum("“" in text for text in texts) / len(texts)
    assert 0.1 < typeset < 0.4
    assert all(("“" in text) == ("—" in text) == ("…" in text) != ('"' in text) for text in texts)


def test_keys_and_passwords_stay_out(make, corpus, tmp_path) -> None:
    """A key in a document is cut, its other text stays."""
    files = {name: content.decode() for name, content in files_in(corpus)}
    key = "AKIA" + "Q7ZK3M5XW2RT9BNV"
    files |= {
        f"docs/other/key-{i}.txt": f"{prose(80_000 + i)}\naws_access_key_id = {key}\n"
        for i in range(4)
    }
    make(corpora=[tar(tmp_path / "keys.tar.zst", files)])
    texts = "".join(written(tmp_path / "mix.corpus"))
    assert prose(80_000, 20)[:60] in texts or prose(80_001, 20)[:60] in texts
    assert key not in texts


def test_duplicates_and_scored_texts_stay_out(make, corpus, tmp_path) -> None:
    """Near-duplicates and documents with a passage that models are scored on are left out and
    counted.
    """
    files = {name: content.decode() for name, content in files_in(corpus)}
    files |= {
        f"docs/other/copy-of-{i}.txt": files[f"docs/other/{i}.txt"].replace(" ", "\n") + " end"
        for i in range(5)
    }
    scored = {"a.txt": "before it. " + files["prose/masc/3.txt"].upper()[200:900] + " after it"}
    with_copies = tar(tmp_path / "more.tar.zst", files, root="train")
    manifest = make(corpora=[with_copies], against=[tar(tmp_path / "eval.tar.gz", scored)])
    assert manifest["left out"]["near-duplicates"] == {"docs": 5}
    assert manifest["left out"]["contaminated"] == {"prose/masc": 1}
    assert files["prose/masc/3.txt"][200:400] not in "".join(written(tmp_path / "mix.corpus"))


def test_one_document_in_fifty_is_held_out(make, tmp_path, monkeypatch) -> None:
    """Documents for measuring stand in a corpus of their own, once each, and nothing like them in
    the mix.
    """
    names = [f"docs/{i}.md" for i in range(20_000)]
    assert sum(map(sources.held_back, names)) / len(names) == pytest.approx(
        1 / sources.HELD_BACK, rel=0.2
    )
    monkeypatch.setattr(sources, "HELD_BACK", 3)
    make(held_out=tmp_path / "held.corpus")
    used, kept = (table(tmp_path / f"{name}.tsv") for name in ("mix", "held"))
    assert used and kept
    assert not [name for _, _, name in used if sources.held_back(name)]
    assert all(sources.held_back(name) for _, _, name in kept)
    assert len({name for _, _, name in kept}) == len(kept)


def test_held_out_text_keeps_its_twin_out(make, corpus, tmp_path) -> None:
    """A document that is nearly the same as one for measuring is not trained on, whichever comes
    first.
    """
    files = {name: content.decode() for name, content in files_in(corpus)}
    held = next(
        f"docs/other/{i}.txt" for i in range(500) if sources.held_back(f"docs/other/{i}.txt")
    )
    twins = [
        f"docs/other/twin-{i}.txt"
        for i in range(9)
        if not sources.held_back(f"docs/other/twin-{i}.txt")
    ]
    files |= dict.fromkeys([held, *twins], prose(90_000))
    make(corpora=[tar(tmp_path / "twins.tar.zst", files)])
    assert prose(90_000) not in "".join(written(tmp_path / "mix.corpus"))


def test_long_texts_are_measured_in_part() -> None:
    """A novel that is kept for measuring gives its beginning, up to the end of a line."""
    text = "é" * 30 + "\n" + "line\n" * 30_000
    short = recipe.excerpt(recipe.document_of("prose/fiction", "a.txt", text, ""))
    assert recipe.EXCERPT - 5 <= short.size <= recipe.EXCERPT
    assert text.startswith(short.text) and short.text.endswith("\n")
    unbroken = recipe.excerpt(recipe.document_of("prose/fiction", "a.txt", "é" * 90_000, ""))
    assert unbroken.text == "é" * (recipe.EXCERPT // 2)


@pytest.mark.parametrize(
    "name, repository",
    [
        ("docs/owner__some-book/a/b.md", "owner/some-book"),
        ("prose/commits/owner__tool-03.txt", "owner/tool"),
        ("prose/commit-messages/owner__tool.txt", "owner/tool"),
        (
            "prose/standardebooks/jack-london_martin-eden-2.txt",
            "standardebooks/jack-london_martin-eden",
        ),
        ("prose/fiction/a.txt", "COST-ELTeC/ELTeC-eng"),
        ("multilingual/ja/book-ja/src/a.md", "rust-lang-ja/book-ja"),
        ("docs/owner__book/src/__init__.md", "owner/book"),
        ("prose/a.txt", ""),
    ],
)
def test_paths_name_their_repository(name: str, repository: str) -> None:
    """A folder OWNER__NAME, a numbered file, a book, or a folder in the table names it."""
    assert repository_of(name) == repository


def test_repositories_are_credited(make, corpus, tmp_path) -> None:
    """The card's table has revision, terms and megabytes of each repository that the corpora name,
    read or not.
    """
    unpacked = tmp_path / "train"
    listed = f"- owner/blog @ {'a' * 40}: MIT  (no licence file in the snapshot)\n"
    listed += f"| other/book | {'b' * 40} | CC BY 4.0 | 1 |\n"
    files = {name: content.decode() for name, content in files_in(corpus)} | {
        "LICENSES/SOURCES.md": listed
    }
    files |= {f"prose/owner__blog/{i}.md": prose(50_000 + i) for i in range(30)}
    for name, text in files.items():
        target = unpacked / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    manifest = make(corpora=[unpacked])
    rows = {row["project"]: row for row in manifest["projects"]}
    assert rows["owner/blog"]["licence"] == "MIT"
    card = tables(manifest, Terms([unpacked]))
    assert f"| owner/blog | `{'a' * 12}` | MIT | 0." in card
    assert f"| other/book | `{'b' * 12}` | CC BY 4.0 | 0.00 |" in card
    assert "thing (MIT)" in card
    for row in manifest["sources"]:
        assert f"| {row['source']} | " in card


@pytest.mark.parametrize(
    "name, language",
    [
        ("thing/a.py", "python"),
        ("src/lib.rs", "rust"),
        ("share/gocode/src/a/b.go", "go"),
        ("a/b_test.go", None),
        ("a/b.pb.go", None),
        ("crates/a/src/test_case.rs", "rust"),
        ("src/index.ts", "typescript"),
        ("types/index.d.ts", "typescript"),
        ("docs/guide.txt", "docs"),
        ("README.md", "docs"),
        ("templates/base.html", "html"),
        ("index.d.ts", None),
        ("docs/index.html", None),
        ("names.txt", None),
        ("thing/tests/a.py", None),
        ("thing/_vendor/b.py", None),
        ("thing/static/app.min.js", None),
        ("dist/app.js", None),
        ("a/locale/de/messages.py", None),
        ("LICENSE.md", None),
        ("thing.egg-info/SOURCES.txt", None),
        ("thing_pb2.py", None),
        ("thing/picture.png", None),
    ],
)
def test_vendored_files_are_left_out(name: str, language: str | None) -> None:
    """Tests' data, vendored, compiled and licence files are left out."""
    assert code_files.detect_language(name) == language


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1\n",
        b"x = 1  # long\n" * 20_000,
        b"\xff\xfe" * 400,
        b"x=1;" * 500,
        b"# Generated by a tool\n" + b"x = 1\n" * 99,
    ],
    ids=["short", "long", "no text", "minified", "generated"],
)
def test_generated_files_are_left_out(content: bytes) -> None:
    """Generated files are left out."""
    assert code_files.decode_source(content, "python") is None
    assert (
        code_files.decode_source(b"\xef\xbb\xbf" + b"x = 1\r\n" * 100, "python") == "x = 1\n" * 100
    )


def test_packages_have_a_cap(tmp_path) -> None:
    """No package gives more than its part of a language."""
    files = {f"a/{i}.py": lines(i, 3000) for i in range(30)} | {"b.rs": lines(99)}
    archive = tar(tmp_path / "a.tar.gz", files)
    documents = list(recipe.package_documents(PYTHON, archive, random.Random(0)))
    size = sum(len(document.text) for document in documents)
    assert {document.source for document in documents} == {"code/python"}
    assert recipe.PACKAGE_BYTES * 0.9 < size <= recipe.PACKAGE_BYTES


def test_scored_packages_are_refused(tmp_path) -> None:
    """Packages that are used to score or to fit are refused."""
    unseen = re.findall(r"^([\w-]+)==", packages.HELD_OUT_PATH.read_text("utf-8"), re.MULTILINE)
    assert unseen
    for name in ("sqlite-utils", "sqlite_utils", "attrs", *unseen):
        (tmp_path / "names.txt").write_text(
            f"# a comment\npypi click BSD-3-Clause python\npypi {name} MIT python\n"
        )
        with pytest.raises(CorpusError, match=f"{name}.*take it out"):
            packages.read_package_list(tmp_path / "names.txt")


def test_every_package_is_locked() -> None:
    """Every package is locked, and its licence permits training."""
    named, versions = packages.read_package_list(), packages.read_lock_file()
    assert {package.name for package in named} == set(versions)
    assert all(re.fullmatch(r"[0-9a-f]{64}", version.sha256) for version in versions.values())
    permissive = r"(MIT|MIT-CMU|BSD-[23]-Clause|Apache-2\.0|ISC|PSF-2\.0|public-domain)"
    assert all(
        re.fullmatch(rf"{permissive}( OR {permissive})*", package.licence) for package in named
    )
    assert all(package.languages <= set(code_files.LANGUAGES) for package in named)
    written_in = {language for package in named for language in package.languages}
    assert written_in == set(code_files.LANGUAGES)


def test_present_archive_needs_its_checksum(archives, tmp_path) -> None:
    """A present archive is used only if it has the locked checksum."""
    folder = archives[PYTHON].parent
    digest = hashlib.sha256(archives[PYTHON].read_bytes()).hexdigest()
    fetched = packages.fetch([PYTHON], {"thing": Version("1.0", digest)}, folder)
    assert fetched == {"thing": archives[PYTHON]}
    with pytest.raises(CorpusError, match="not the archive that was locked"):
        packages.fetch([PYTHON], {"thing": Version("1.0", "0" * 64)}, folder)
    with pytest.raises(CorpusError, match="not locked: run"):
        packages.fetch([PYTHON], {}, folder)


def test_debian_packages_are_read(tmp_path) -> None:
    """The files of a .deb are those of its data.tar, whatever stands before it and however it is
    packed.
    """
    files = {"share/gocode/src/a/a.go": lines(1), "share/doc/a/README.md": lines(2)}
    data = tar(tmp_path / "data.tar.gz", files, "./usr")
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": b"odd",
        "data.tar.gz": data.read_bytes(),
    }
    packed = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        packed += header + content + b"\n" * (len(content) % 2)
    archive = tmp_path / "debian-a-1.0.deb"
    archive.write_bytes(packed)
    found = {name: content.decode() for name, content in files_in(archive)}
    assert found == files
    package = Package("debian", "a", "MIT", frozenset({"go"}))
    sources_found = {
        document.source for document in recipe.package_documents(package, archive, random.Random(0))
    }
    assert sources_found == {"code/go"}
    archive.write_bytes(packed[:90])
    with pytest.raises(CorpusError, match="cannot read"):
        list(files_in(archive))


@pytest.mark.parametrize("registry, program", [("npm", "npm"), ("debian", "apt-get")])
def test_missing_programs_are_named(registry: str, program: str, tmp_path, monkeypatch) -> None:
    """A package whose registry's program is not installed is one line that names the program;
    nothing is left.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    package = Package(registry, "a", "MIT", frozenset({"go"}))
    with pytest.raises(CorpusError, match=f"{program} is not installed"):
        packages.fetch([package], {"a": Version("2.0", "0" * 64)}, tmp_path / "packages")
    assert not list((tmp_path / "packages").iterdir())


@pytest.mark.parametrize("version", ["1.8.0-1", "1:0.7.0+dfsg-1"])
def test_debian_versions_name_their_archive(version: str, tmp_path, monkeypatch) -> None:
    """A locked version is asked for as it is written, epoch and all, and found again under its file
    name.
    """
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$2" > "$(echo "$2" | sed "s/=/_/; s/:/%3a/")_all.deb"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    package = Package("debian", "a", "MIT", frozenset({"go"}))
    digest = hashlib.sha256(f"a={version}\n".encode()).hexdigest()
    for _again in range(2):
        found = packages.fetch([package], {"a": Version(version, digest)}, tmp_path / "packages")
        assert found["a"].read_text() == f"a={version}\n"
        program.write_text("#!/bin/sh\nexit 1\n")


def test_what_goes_wrong_is_one_line(make, corpus, tmp_path) -> None:
    make()
    with pytest.raises(CorpusError, match="there already"):
        make()
    (tmp_path / "broken.tar.zst").write_bytes(corpus.read_bytes()[:999])
    for broken in (
        tmp_path / "broken.tar.zst",
        tmp_path / "missing.tar.zst",
        tmp_path / "missing.tar.gz",
    ):
        with pytest.raises(CorpusError, match="cannot read") as error:
            list(files_in(broken))
        assert "\n" not in str(error.value)
    with pytest.raises(CorpusError, match="no text for code"):
        make("other", archives={})
    assert not (tmp_path / "other").exists()
