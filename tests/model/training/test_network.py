"""The network in torch: n-grams across windows and texts, and growing without a change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.model.conftest import make_metadata, make_network

from default_model import net2net
from default_model.net2net import widened
from foretype_model.errors import ModelError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.network.runtime import read_metadata
from foretype_model.store.store import BUNDLED
from foretype_model.training import onnx_file
from foretype_model.training.network import (
    NGRAM_ROWS,
    ByteNetwork,
    Shape,
    ngram_buckets,
    ngram_multipliers,
)

TEXT = torch.tensor([*"def naïve(x): return '日本語'".encode()])[:, None]


def bucket(ngram: list[int], shape: Shape) -> int:
    """The definition: a polynomial in the bytes, the newest first."""
    multipliers = ngram_multipliers(shape.ngrams)[len(ngram) - 2]
    return (
        sum((byte + 1) * m for byte, m in zip(reversed(ngram), multipliers, strict=False))
        % shape.ngram_rows
    )


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30), st.integers(2, 6), st.integers(1, 4))
def test_bytes_have_their_ngrams(text, longest, tables) -> None:
    """Each byte has the n-grams that end with it, and none begins before its text."""
    before = [END_OF_TEXT] * (longest - 1)
    shape = Shape(ngrams=longest, ngram_rows=tables * NGRAM_ROWS)
    buckets = ngram_buckets(torch.tensor(before + text)[:, None], shape)
    assert buckets.shape == (len(text), 1, longest - 1)
    for t in range(len(text)):
        so_far, seen = before + text[: t + 1], list[int]()
        for byte in reversed(so_far):
            ended = bool(seen) and seen[-1] == END_OF_TEXT
            seen.append(END_OF_TEXT if ended else byte)
        expected = [bucket(seen[:n][::-1], shape) for n in range(2, longest + 1)]
        assert buckets[t, 0].tolist() == expected


@pytest.mark.parametrize(("tables", "fewest"), [(1, 15_000), (2, 17_000), (4, 18_000)])
def test_ngrams_spread_over_the_table(tables, fewest) -> None:
    """N-grams of all lengths spread over the table, and the more of it there is, the more."""
    text = torch.randint(97, 123, (20_000, 1))
    buckets = ngram_buckets(text, Shape(ngram_rows=tables * NGRAM_ROWS))
    assert len(buckets[..., 0].unique()) == 26**2, "no two of so few pairs share a row"
    for n in (4, 5):
        assert len(buckets[..., n - 2].unique()) > fewest


@pytest.mark.parametrize("rows", [{"ngram_rows": 0}, {"ngram_rows": 65_522}, {"word_rows": 3}])
def test_tables_of_other_sizes_are_refused(rows) -> None:
    """A number of rows by which no hash finds its row is refused, and the right ones named."""
    with pytest.raises(ModelError, match=r"multiple of 65521|power of 2"):
        Shape(**rows)


def test_word_contexts_need_ngrams() -> None:
    """Word contexts without n-grams, which no model file can hold, are refused with a remedy."""
    with pytest.raises(ModelError, match="give 2 or more as ngrams, or 0 as words"):
        Shape(ngrams=1, words=8)
    assert Shape(ngrams=2, words=8).inputs == 136


@torch.no_grad()
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("cut", [1, 3, 9])
def test_windows_equal_the_whole(cell, cut) -> None:
    """A text in two windows has the logits of the text in one."""
    network = make_network(Shape(cell, 24, 2, 8))
    whole, _ = network(TEXT, None)
    first, carry = network(TEXT[:cut], None)
    second, _ = network(TEXT[cut:], carry)
    assert torch.allclose(torch.cat([first, second]), whole, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((24, 1, 0), (40, 5, 0)),
        ((24, 5, 0), (40, 5, 0)),
        ((24, 1, 0), (24, 4, 0)),
        ((24, 5, 0), (24, 5, 0)),
        ((24, 5, 0), (24, 5, 6)),
        ((24, 1, 0), (40, 5, 6)),
        ((24, 5, 6), (40, 5, 6)),
        ((24, 5, 6), (24, 5, 6, 3 * NGRAM_ROWS, 1 << 20)),
        # Rows of tables that the old network does not have.
        ((24, 1, 0, 2 * NGRAM_ROWS), (24, 4, 6, NGRAM_ROWS, 1 << 16)),
    ],
)
def test_widened_network_predicts_the_same(cell, old, new) -> None:
    """A widened network predicts the same, and all of its parts learn."""
    network = make_network(Shape(cell, old[0], 2, 8, *old[1:]))
    wider = widened(network, Shape(cell, new[0], 2, 8, *new[1:]))
    before, _ = network(TEXT, None)
    assert torch.allclose(wider(TEXT, None)[0], before, atol=1e-4)
    assert before.std() > 0.1
    with torch.enable_grad():
        wider(TEXT, None)[0].logsumexp(-1).sum().backward()
    assert wider.output.weight.grad.abs().amin(0).max() > 0
    assert wider.output.weight.grad[:, old[0] :].abs().sum() > 0 or new[0] == old[0]
    assert wider.ngrams.weight.grad.abs().sum() > 0
    assert not new[2] or wider.words.weight.grad.abs().sum() > 0


def test_command_widens_a_model_file(tmp_path) -> None:
    """The command writes a wider model file, which training goes on from."""
    shape = Shape("gru", 16, 1, 8, 3, 4)
    onnx_file.write(make_network(shape), make_metadata(shape), tmp_path / "small.onnx")
    files = [str(tmp_path / name) for name in ("small.onnx", "wider.onnx")]
    net2net.main([*files, "--hidden", "24", "--ngram-rows", "131042", "--word-rows", "524288"])
    small, wider = (onnx_file.read(tmp_path / name) for name in ("small.onnx", "wider.onnx"))
    assert wider.shape == Shape("gru", 24, 1, 8, 3, 4, 131_042, 1 << 19)
    with torch.no_grad():
        assert torch.allclose(wider(TEXT, None)[0], small(TEXT, None)[0], atol=1e-5)
    metadata = read_metadata(tmp_path / "wider.onnx")
    assert (metadata.hidden, metadata.word_rows) == (24, 1 << 19)
    assert metadata.parameters == sum(weight.numel() for weight in wider.parameters())


def test_widening_explains_its_failure(tmp_path, capsys):
    """The command says in one line that a network cannot grow so, or that there is none."""
    missing, out = str(tmp_path / "missing.onnx"), str(tmp_path / "wider.onnx")
    assert net2net.main([missing, out]) == 1
    assert "missing.onnx" in capsys.readouterr().err
    assert net2net.main([str(BUNDLED), out, "--hidden", "8"]) == 1
    assert "cannot grow into" in capsys.readouterr().err
    assert not Path(out).exists()


def test_networks_only_grow() -> None:
    """A network can only be widened."""
    network = ByteNetwork(Shape("gru", 24, 1, 8, 5, 3, 2 * NGRAM_ROWS))
    for shape in (
        Shape("lstm", 24, 1, 8),
        Shape("gru", 16, 1, 8),
        Shape("gru", 24, 1, 8, 4),
        Shape("gru", 24, 2, 8),
        Shape("gru", 24, 1, 8, 5, 4),
        Shape("gru", 24, 1, 8, 5, 3, word_rows=1 << 17),
        Shape("gru", 24, 1, 8, 5, 3, 3 * NGRAM_ROWS),
    ):
        with pytest.raises(ModelError, match="cannot grow"):
            widened(network, shape)
