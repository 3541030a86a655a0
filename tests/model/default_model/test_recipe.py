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

from default_model import code_files, packages, recipe
from default_model.archives import files_in
from default_model.packages import Package, Version
from foretype_model.errors import CorpusError

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
        arguments = {"corpus": corpus, "archives": archives, "against": [], "seed": 0} | changes
        return recipe.make(destination=tmp_path / name, **arguments)

    return made


def written(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(folder.iterdir())]


def test_the_kinds_have_their_shares_and_the_manifest_says_what_is_there(make, tmp_path) -> None:
    manifest = make()
    texts = written(tmp_path / "mix")
    assert manifest == json.loads((tmp_path / "mix.manifest.json").read_text("utf-8"))
    assert manifest["seed"] == 0
    assert manifest["documents"] == len(texts)
    assert manifest["sha256"] == hashlib.sha256("".join(texts).encode()).hexdigest()
    assert manifest["bytes"] == sum(len(text.encode()) for text in texts)
    for kind, share in recipe.SHARES.items():
        found = sum(row["share"] for row in manifest["sources"] if row["source"].startswith(kind))
        assert found == pytest.approx(share, abs=0.04), kind
    terms = {row["source"]: row["licence"] for row in manifest["sources"]}
    assert (terms["code/python"], terms["code/javascript"]) == ("MIT", "ISC")
    assert terms["prose/fiction"].startswith("public domain")
    assert {row["package"] for row in manifest["packages"]} == {"thing", "@scope/other"}
    table = [line.split("\t") for line in (tmp_path / "mix.tsv").read_text("utf-8").splitlines()]
    assert [row[0] for row in table] == sorted(path.name for path in (tmp_path / "mix").iterdir())
    assert not [name for _, _, name in table if name.startswith(("LICENSES", "unknown"))]


def test_a_source_goes_no_further_than_its_documents_and_the_others_of_its_kind_take_over() -> None:
    taken = recipe.divided(100, {"prose/fiction": 1000, "prose/speeches": 3, "prose/masc": 1000})
    assert taken["prose/speeches"] == 3
    assert sum(taken.values()) == pytest.approx(100)
    weights = recipe.SOURCES["prose/fiction"].weight / recipe.SOURCES["prose/masc"].weight
    assert taken["prose/fiction"] / taken["prose/masc"] == pytest.approx(weights)


@given(available=st.dictionaries(st.sampled_from(sorted(recipe.SOURCES)), st.integers(1, 10**9)))
def test_the_whole_is_as_large_as_the_scarcest_kind_allows(available: dict[str, int]) -> None:
    kinds = {name.partition("/")[0] for name in available}
    if kinds != set(recipe.SHARES):
        with pytest.raises(CorpusError, match="give the whole corpus"):
            recipe.sizes(available)
        return
    taken = recipe.sizes(available)
    whole = sum(taken.values())
    assert all(size <= available[name] * 1.000001 for name, size in taken.items())
    assert whole <= recipe.MOST * 1.000001
    used = []
    for kind, share in recipe.SHARES.items():
        names = [name for name in available if name.startswith(kind)]
        assert sum(taken[name] for name in names) == pytest.approx(whole * share)
        used.append(sum(taken[name] for name in names) / sum(available[name] for name in names))
    assert max(used) == pytest.approx(1) or whole == pytest.approx(recipe.MOST)


def test_a_seed_makes_the_same_documents_in_the_same_order_and_another_does_not(
    make, corpus, tmp_path
) -> None:
    first, same, other = make("a"), make("b"), make("c", seed=1)
    assert first["sha256"] == same["sha256"] != other["sha256"]
    assert written(tmp_path / "a") == written(tmp_path / "b")
    for name, content in files_in(corpus):
        target = tmp_path / "unpacked" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    assert make("d", corpus=tmp_path / "unpacked")["sha256"] == first["sha256"]


def test_quotes_are_typed_as_people_do_in_three_quarters_of_the_prose(make, tmp_path) -> None:
    make()
    texts = [text for text in written(tmp_path / "mix") if "so" in text[-6:]]
    typeset = sum("“" in text for text in texts) / len(texts)
    assert 0.1 < typeset < 0.4
    assert all(("“" in text) == ("—" in text) == ("…" in text) != ('"' in text) for text in texts)


def test_near_duplicates_and_what_is_scored_stay_out(make, corpus, tmp_path) -> None:
    files = {name: content.decode() for name, content in files_in(corpus)}
    files |= {
        f"docs/other/copy-of-{i}.txt": files[f"docs/other/{i}.txt"].replace(" ", "\n") + " end"
        for i in range(5)
    }
    scored = {"a.txt": "before it. " + files["prose/masc/3.txt"].upper()[200:900] + " after it"}
    with_copies = tar(tmp_path / "more.tar.zst", files, root="train")
    manifest = make(corpus=with_copies, against=[tar(tmp_path / "eval.tar.gz", scored)])
    pairs = sum(
        not (
            recipe.held_back(f"docs/other/{i}.txt")
            or recipe.held_back(f"docs/other/copy-of-{i}.txt")
        )
        for i in range(5)
    )
    assert manifest["left out"]["near-duplicates"] == {"docs": pairs} and pairs >= 3
    assert manifest["left out"]["contaminated"] == {"prose/masc": 1}
    assert files["prose/masc/3.txt"][200:400] not in "".join(written(tmp_path / "mix"))


def test_one_document_in_fifty_is_held_back(make, corpus, tmp_path, monkeypatch) -> None:
    names = [f"docs/{i}.md" for i in range(20_000)]
    assert sum(map(recipe.held_back, names)) / len(names) == pytest.approx(
        1 / recipe.HELD_BACK, rel=0.2
    )
    monkeypatch.setattr(recipe, "HELD_BACK", 3)
    make()
    used = {line.split("\t")[2] for line in (tmp_path / "mix.tsv").read_text("utf-8").splitlines()}
    assert not [
        name
        for name in used
        if recipe.held_back(name) and "thing" not in name and "@scope" not in name
    ]


@pytest.mark.parametrize(
    "name, language",
    [
        ("thing/a.py", "python"),
        ("src/lib.rs", "rust"),
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
def test_tests_vendored_compiled_and_licence_files_are_left_out(
    name: str, language: str | None
) -> None:
    assert code_files.language_of(name) == language


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
def test_what_nobody_wrote_is_left_out(content: bytes) -> None:
    assert code_files.written(content, "python") is None
    assert code_files.written(b"\xef\xbb\xbf" + b"x = 1\r\n" * 100, "python") == "x = 1\n" * 100


def test_no_package_has_more_than_its_part_of_a_language(tmp_path) -> None:
    files = {f"a/{i}.py": lines(i, 3000) for i in range(30)} | {"b.rs": lines(99)}
    archive = tar(tmp_path / "a.tar.gz", files)
    documents = list(recipe.of_package(PYTHON, archive, random.Random(0)))
    size = sum(len(document.text) for document in documents)
    assert {document.source for document in documents} == {"code/python"}
    assert recipe.PACKAGE_BYTES * 0.9 < size <= recipe.PACKAGE_BYTES


def test_what_is_scored_or_fitted_to_is_refused(tmp_path) -> None:
    unseen = re.findall(r"^([\w-]+)==", packages.UNSEEN.read_text("utf-8"), re.MULTILINE)
    assert unseen
    for name in ("sqlite-utils", "sqlite_utils", "attrs", *unseen):
        (tmp_path / "names.txt").write_text(
            f"# a comment\npypi click BSD-3-Clause python\npypi {name} MIT python\n"
        )
        with pytest.raises(CorpusError, match=f"{name}.*take it out"):
            packages.named(tmp_path / "names.txt")


def test_every_package_is_locked_and_under_terms_that_permit_it() -> None:
    named, versions = packages.named(), packages.locked()
    assert {package.name for package in named} == set(versions)
    assert all(re.fullmatch(r"[0-9a-f]{64}", version.sha256) for version in versions.values())
    permissive = r"(MIT|MIT-CMU|BSD-[23]-Clause|Apache-2\.0|ISC|PSF-2\.0|public-domain)"
    assert all(
        re.fullmatch(rf"{permissive}( OR {permissive})*", package.licence) for package in named
    )
    assert all(package.languages <= set(code_files.LANGUAGES) for package in named)
    written_in = {language for package in named for language in package.languages}
    assert written_in == set(code_files.LANGUAGES)


def test_an_archive_that_is_there_is_used_if_it_is_the_one_that_was_locked(
    archives, tmp_path
) -> None:
    folder = archives[PYTHON].parent
    digest = hashlib.sha256(archives[PYTHON].read_bytes()).hexdigest()
    fetched = packages.fetch([PYTHON], {"thing": Version("1.0", digest)}, folder)
    assert fetched == {"thing": archives[PYTHON]}
    with pytest.raises(CorpusError, match="not the archive that was locked"):
        packages.fetch([PYTHON], {"thing": Version("1.0", "0" * 64)}, folder)
    with pytest.raises(CorpusError, match="not locked: run"):
        packages.fetch([PYTHON], {}, folder)


def test_a_machine_without_npm_says_what_to_install(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match="npm is not installed"):
        packages.fetch([SCRIPT], {SCRIPT.name: Version("2.0", "0" * 64)}, tmp_path / "packages")
    assert not list((tmp_path / "packages").iterdir())


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
