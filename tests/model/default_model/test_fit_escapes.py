"""The table of trust: fitted to what the product itself would know while a text is typed."""

from __future__ import annotations

import json
import random
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from default_model import escape_cases, fit_escapes, sources
from default_model.escape_cases import Case, TypedPassage
from default_model.fit_escapes import TableScore
from foretype_model.errors import CorpusError
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.ppm import INDEXED, RECENT, TABLE_SHAPE, bucket
from foretype_model.predictors.copy.predictor import CopyPredictor, ppm
from foretype_model.predictors.network.runtime import Network

WORDS = [
    "the",
    "state",
    "of",
    "a",
    "bucket",
    "follows",
    "what",
    "it",
    "has",
    "read",
    "so",
    "far",
    "and",
    "nothing",
    "else",
]


def text(seed: int, size: int = 2_400) -> bytes:
    """Lines that come again and again, in an order that nobody can know."""
    sentences = random.Random(0)
    lines = [" ".join(sentences.choices(WORDS, k=7)) + "\n" for _ in range(40)]
    return "".join(random.Random(seed).choices(lines, k=size // 25)).encode()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    pages = [f"docs/{project}/{page}.md" for project in ("one", "two") for page in range(9)]
    novels = [
        f"{folder}/{novel}.txt" for folder in ("prose/fiction", "multilingual/fr") for novel in "ab"
    ]
    for seed, name in enumerate([*pages, *novels]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text(seed, 6_000 if name in novels else 3_000))
    return folder


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    with zipfile.ZipFile(folder / "small-1.0-py3-none-any.whl", "w") as archive:
        for module in range(14):
            archive.writestr(f"small/m{module}.py", text(100 + module, 3_000))
        archive.writestr("small/LICENSE", text(200))
    return folder


@pytest.fixture(scope="module")
def drawn(corpus: Path, wheels: Path) -> list[Case]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escape_cases, "TYPED_BYTES", 150)
        return list(escape_cases.cases(corpus, wheels))


@pytest.fixture(scope="module")
def made(
    drawn: list[Case], network: Network, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[list[list[list[float]]]], dict[str, TableScore]]:
    """The table of a small training, as it was written, and its scores."""
    destination = tmp_path_factory.mktemp("data") / "trust.json"
    scores = fit_escapes.make(drawn, network, destination)
    return json.loads(destination.read_text("ascii")), {score.kind: score for score in scores}


def test_table_has_every_class(made) -> None:
    """A fitted table has a share for each class."""
    table = np.array(made[0])
    assert table.shape == TABLE_SHAPE
    assert ((table > 0) & (table < 1)).all()


def test_shipped_table_has_every_class() -> None:
    """The shipped table has a share for each class."""
    table = np.array(ppm.escape_table())
    assert table.shape == (np.prod(TABLE_SHAPE),)
    assert ((table > 0) & (table < 1)).all()


@pytest.mark.parametrize("kind", [RECENT, INDEXED])
def test_deterministic_contexts_claim_more(made, kind: int) -> None:
    """Long contexts that always had the same follower claim more."""
    for table in (np.ravel(made[0]), ppm.escape_table()):
        assert (
            table[bucket(kind, order=16, total=4, max_count=4)]
            > 1.2 * table[bucket(kind, order=4, total=6, max_count=2)]
        )


def test_fitted_table_generalises(made, drawn: list[Case]) -> None:
    """A fitted table predicts texts that it was not fitted to."""
    _, scores = made
    assert set(scores) == {
        "code",
        "docs",
        "book",
        "docs alone",
        "prose alone",
        "multilingual alone",
        "all",
    }
    assert sum(score.size for kind, score in scores.items() if kind != "all") == scores["all"].size
    assert scores["all"].size == sum(
        len(passage.typed) for case in drawn for passage in case.passages[1::2]
    )
    # The table in use knows less of these texts than one that is fitted to their like, and the
    # network nothing.
    assert scores["all"].after < scores["all"].before < scores["all"].network


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lowest=st.floats(0.001, 0.9))
def test_replay_equals_the_product(network: Network, seed: int, lowest: float) -> None:
    """Replayed bytes have the probabilities that the product gives them."""
    table = np.random.default_rng(seed).uniform(lowest, 0.999, TABLE_SHAPE)
    segments = (FMIndex.build([("a", text(1)), ("b", text(2))]),)
    passage = TypedPassage(text(seed)[:700], text(seed)[700:800])
    known = fit_escapes.replay(passage, segments, network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ppm, "escape_table", partial(np.ndarray.tolist, table.ravel()))
        expected = list(product(passage, segments, known.network.tolist()))
    # What copy leaves is 1 less a sum of float32, which is known to 1e-7, and is multiplied by a
    # small probability.
    learnt = fit_escapes.probabilities(torch.tensor(table).flatten(), known).tolist()
    assert learnt == pytest.approx(expected, rel=1e-4, abs=1e-8)


def product(passage: TypedPassage, segments: tuple[FMIndex, ...], network: list[float]):
    """The share of the copy predictor for each byte, and that of the network in the rest."""
    copy = CopyPredictor()
    copy.segments = segments
    for i, byte in enumerate(passage.typed):
        before = passage.before + passage.typed[:i]
        while copy.observe("untitled:a", before, b""):
            pass
        row = np.exp(copy.predict([copy.feed(copy.start(), before)])[0])
        yield row[byte] + (1 - row.sum()) * network[i]


def test_typed_text_is_not_indexed(drawn: list[Case]) -> None:
    """A typed text is in no workspace of its case."""
    for case in drawn:
        texts = [document for _, document in case.workspace]
        for passage in case.passages:
            assert 0 < len(passage.typed) <= 150
            assert not [
                document for document in texts if passage.before + passage.typed in document
            ]


def test_seed_repeats_the_cases(drawn: list[Case], corpus: Path, wheels: Path, monkeypatch) -> None:
    """The same seed draws the same cases."""
    monkeypatch.setattr(escape_cases, "TYPED_BYTES", 150)
    assert list(escape_cases.cases(corpus, wheels)) == drawn
    assert list(escape_cases.cases(corpus, wheels, seed=1)) != drawn


def test_untrained_texts_come_first(corpus: Path, wheels: Path, monkeypatch) -> None:
    """Texts that the network was not trained on come first."""
    monkeypatch.setattr(sources, "HELD_BACK", 4)
    pages = list((corpus / "docs").rglob("*.md"))
    unread = [
        page.read_bytes()
        for page in pages
        if sources.held_back(page.relative_to(corpus).as_posix())
    ]
    assert 0 < len(unread) < len(pages)
    monkeypatch.setattr(escape_cases, "LONE_TEXTS", len(unread))
    alone = next(case for case in escape_cases.cases(corpus, wheels) if case.kind == "docs alone")
    assert all(any(passage.typed in page for page in unread) for passage in alone.passages)


@pytest.mark.parametrize("missing", ["corpus", "wheels"])
def test_empty_folder_is_named(missing: str, corpus: Path, wheels: Path, tmp_path: Path) -> None:
    """A folder without texts is named in the error."""
    folders = {"corpus": corpus, "wheels": wheels} | {missing: tmp_path}
    with pytest.raises(CorpusError, match=str(tmp_path)):
        list(escape_cases.cases(**folders))
