"""The recipe of the default model's corpus: shares, what is left out, and the same text for the
same seed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from default_model import openings, proportions, recipe, sources
from default_model.archives import files_in
from default_model.credits import Terms, repository_of, tables
from default_model.ngram_tokens import texts_in
from foretype_model.errors import CorpusError
from foretype_model.training.pack import PackedDocuments

from .conftest import prose, tar


def written(path: Path) -> list[str]:
    documents = PackedDocuments(path)
    return [documents.read(i, 0, int(size)).decode() for i, size in enumerate(documents.sizes)]


def table(path: Path) -> list[tuple[str, str, str, str]]:
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
    assert [int(number) for number, *_ in rows] == list(range(len(texts)))
    assert not [name for *_, name in rows if name.startswith(("LICENSES", "unknown"))]


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
        ("multilingual/ar/1349Author.Book.Hindawi91827302CL-ara1.txt", None),
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
        name for *_, source, name in table(tmp_path / "mix.tsv") if source == "multilingual/da"
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
        for *_, source, name in rows
        if not source.startswith("multilingual") and "masc" not in source
    ]
    assert len(named) == len(set(named))
    assert any(name in second for name in named)


def test_cut_documents_are_counted_whole(make, corpus, tmp_path, monkeypatch) -> None:
    """A document that stands in the mix in parts, and more than once, is counted whole, once."""
    monkeypatch.setattr(openings, "MIN_PART", 300)
    monkeypatch.setattr(openings, "MEAN_PART", 900)
    files = {name: content.decode() for name, content in files_in(corpus)}
    paragraphs = [f"Saying {i} of this story. {prose(i, 20)}" for i in range(40)]
    files["multilingual/da/story.txt"] = "\n\n".join(paragraphs)
    make(corpora=[tar(tmp_path / "story.tar.zst", files)])
    rows = [row for row in table(tmp_path / "mix.tsv") if row[-1].endswith("story.txt")]
    parts = Counter(reading for _, reading, _, _ in rows)
    assert parts["1"] > 1
    assert len(parts) > 1
    counted = "\n".join(text for _, text in texts_in(tmp_path / "mix.corpus"))
    found = Counter(re.findall(r"Saying (\d+) of this story", counted))
    assert found == {str(i): 1 for i in range(40)}


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
    assert not [name for *_, name in used if sources.held_back(name)]
    assert all(sources.held_back(name) for *_, name in kept)
    assert len({name for *_, name in kept}) == len(kept)


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
    read or not, except one whose terms are not settled.
    """
    unpacked = tmp_path / "train"
    listed = f"- owner/blog @ {'a' * 40}: MIT  (no licence file in the snapshot)\n"
    listed += f"| other/book | {'b' * 40} | CC BY 4.0 | 1 |\n"
    listed += f"- OpenITI/RAW_Hindawi @ {'c' * 40}: check edition terms\n"
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
    assert "Hindawi" not in card
    for row in manifest["sources"]:
        assert f"| {row['source']} | " in card


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
