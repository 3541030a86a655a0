"""Word-level networks: how text is cut, what the predictor makes of a network, and a training from
text to text.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.generate import generate
from foretype_model.errors import CorpusError, ModelError
from foretype_model.predictor import END_OF_TEXT, PredictorConfig
from foretype_model.predictors.network import model_file
from foretype_model.predictors.network.runtime import Metadata, Network, read_metadata
from foretype_model.predictors.words import predictor as predictors_words
from foretype_model.predictors.words.predictor import CLAIMED_SHARE, WordsPredictor, create
from foretype_model.predictors.words.runtime import WordModel
from foretype_model.predictors.words.vocabulary import UNKNOWN, Vocabulary, split_words
from foretype_model.store.store import BUNDLED, Store
from foretype_model.training.corpus import Corpus
from foretype_model.training.network import Shape
from foretype_model.training.words import onnx_file
from foretype_model.training.words.loop import WordOptions, WordTrainer
from foretype_model.training.words.network import WordNetwork as TorchNetwork
from foretype_model.training.words.stream import (
    BITS_PER_UNKNOWN_BYTE,
    HeldOutWords,
    bits_per_character,
)
from foretype_model.training.words.train import train

END = bytes([END_OF_TEXT])
TEXT = (
    "the cat sat on the mat; the cats sat, too.\nthen a café — naïve: 日本語, 日本!\n\nthe end\n"
).encode()
VOCABULARY = Vocabulary.of([TEXT * 2, b" the\0 the\0 \xff"])
SHAPES = [Shape(cell, 24, layers, 16, 1) for cell in ("gru", "lstm", "rnn") for layers in (1, 2)]

PIECES = st.sampled_from(
    [*VOCABULARY.words, b" ", b"\n", b" th", b"zebra", b"t", b",", b"\xe2", b"\0", b" ca"]
)
TEXTS = st.lists(PIECES | st.binary(max_size=3), max_size=8).map(b"".join)


def make_network(shape: Shape = SHAPES[0]) -> TorchNetwork:
    """Untrained, but with weights large enough that its predictions are far from uniform."""
    torch.manual_seed(1)
    network = TorchNetwork(shape, len(VOCABULARY.words) + 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
    return network


def metadata(shape: Shape = SHAPES[0]) -> Metadata:
    sizes = shape.hidden, shape.layers, shape.embedding
    return Metadata("words", shape.cell, *sizes, 1, 1, None, "2026-01-01", unit="word")


@pytest.fixture(scope="module")
def word_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "words.onnx"
    onnx_file.write(make_network(), VOCABULARY, metadata(), path)
    return path


@cache
def open_predictor(path: Path) -> WordsPredictor:
    return WordsPredictor(WordModel.open(path))


def row_after(predictor: WordsPredictor, text: bytes) -> np.ndarray:
    return np.exp(predictor.predict([predictor.feed(predictor.start(), text)])[0])


# How text is cut


@given(st.binary() | TEXTS)
def test_joined_words_are_the_text(text: bytes) -> None:
    """The words of any text, joined, are the text."""
    assert b"".join(split_words(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("if x:\n    return", ["if", " x", ":", "\n    return"]),
        ("don't café_2 «日本»", ["don", "'", "t", " café_2", " «", "日本", "»"]),
        ("a  \n", ["a", "  \n"]),
    ],
)
def test_words_begin_with_white_space(text: str, words: list[str]) -> None:
    """A word is white space, then letters or punctuation."""
    assert [word.decode() for word in split_words(text.encode())] == words


@given(st.binary() | TEXTS)
def test_typed_words_end_alike(text: bytes) -> None:
    """Typing a text ends its words where splitting it does."""
    prefix, cuts = VOCABULARY.empty, [0]
    for i, byte in enumerate(text):
        if prefix.ends_before(byte):
            cuts.append(i)
            prefix = VOCABULARY.empty
        prefix = VOCABULARY.extend(prefix, byte)
    assert [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)] == (
        split_words(text) or [b""]
    )


@given(TEXTS)
def test_prefix_is_range_of_words(text: bytes) -> None:
    """A prefix has the range of the known words that begin with it."""
    typed = (split_words(text) or [b""])[-1]
    prefix = VOCABULARY.empty
    for byte in typed:
        prefix = VOCABULARY.extend(prefix, byte)
    found = {
        VOCABULARY.words[number - 1] for number in VOCABULARY.order[prefix.first : prefix.last]
    }
    assert found == {word for word in VOCABULARY.words if word.startswith(typed)}
    assert VOCABULARY.word_id(prefix) == VOCABULARY.encode_words([typed])[0]


def test_frequent_words_are_known() -> None:
    """The most frequent words are known, and words that occur once are not."""
    known = Vocabulary.of([b"| b a a a b c"])
    assert known.words == (END, b" a", b" b")
    assert known.encode_words([b" c"]) == [UNKNOWN]


# The network at work


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.cell}-{shape.layers}")
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-5), ("int8", 0.15)])
def test_runtime_equals_torch(shape, precision, tolerance, tmp_path) -> None:
    """The runtime's predictions equal those of torch at every word."""
    network, numbers = make_network(shape), VOCABULARY.encode_words([END, *split_words(TEXT)])
    onnx_file.write(network, VOCABULARY, metadata(shape), tmp_path / "m.onnx", precision)
    runtime = WordModel.open(tmp_path / "m.onnx")
    with torch.no_grad():
        h, _ = network(torch.tensor(numbers)[:, None], None)
        theirs = network.output.log_prob(h[:, 0]).numpy()
    state, ours = np.zeros((1, runtime.state_size), np.float32), []
    for number in numbers:
        state, probabilities = runtime.read(state, np.array([[number]]))
        ours.append(np.log(probabilities[0]))
    assert np.abs(np.stack(ours) - theirs).max() < tolerance
    assert np.ptp(theirs, axis=-1).min() > 0.5, (
        "a flat distribution would pass whatever the runtime did"
    )


def test_model_file_holds_vocabulary(word_file: Path) -> None:
    """A model file holds its vocabulary and metadata."""
    network = WordModel.open(word_file)
    assert network.vocabulary.words == VOCABULARY.words
    assert network.metadata == read_metadata(word_file) == metadata()


@pytest.mark.parametrize("part", ["a word", "embedding.weight.int8"])
def test_flipped_bit_is_refused(part, word_file, tmp_path) -> None:
    """A model file with a flipped bit is refused."""
    content, arrays = bytearray(word_file.read_bytes()), model_file.read(word_file).arrays
    content[content.index(b"cats" if part == "a word" else arrays[part].tobytes())] ^= 1
    (tmp_path / "damaged.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="is damaged: import or train it again"):
        WordModel.open(tmp_path / "damaged.onnx")


# The predictor


def words_before(predictor: WordsPredictor, words: list[bytes]) -> np.ndarray:
    """The probabilities of the word after `words`, by number."""
    network = predictor.network
    numbers = np.array(VOCABULARY.encode_words([END, *words]))[:, np.newaxis]
    return network.read(np.zeros((1, network.state_size), np.float32), numbers)[1][0].astype(float)


def summed(predictor: WordsPredictor, text: bytes) -> np.ndarray:
    """The next byte after `text`, by going through all words for each."""
    *before, typed = split_words(text) or [b""]
    p, after = words_before(predictor, before), words_before(predictor, [*before, typed])

    def share(p: np.ndarray, begin: bytes) -> float:
        return sum(
            p[VOCABULARY.word_ids[word]] for word in VOCABULARY.words if word.startswith(begin)
        )

    alike = sum(word.startswith(typed) for word in VOCABULARY.words) / len(VOCABULARY.words)
    row = np.zeros(256)
    for byte in range(256 if alike else 0):
        following = bytes([byte])
        row[byte] = share(p, typed + following)
        if typed in VOCABULARY.words and split_words(typed + following) == [typed, following]:
            row[byte] += p[VOCABULARY.word_ids[typed]] * share(after, following)
    return CLAIMED_SHARE * row / (share(p, typed) + p[UNKNOWN] * alike) if alike else row


@given(TEXTS)
def test_byte_probability_sums_words(word_file: Path, text: bytes) -> None:
    """A byte is as probable as the sum of the words that continue with it."""
    predictor = open_predictor(word_file)
    assert np.allclose(row_after(predictor, text), summed(predictor, text), rtol=1e-3, atol=1e-6)


@given(TEXTS)
def test_feeding_equals_stepping(word_file: Path, text: bytes) -> None:
    """Feeding equals stepping, and no row sums to more than 1."""
    predictor = open_predictor(word_file)
    states = [predictor.start()]
    for byte in text:
        states += predictor.step(states[-1:], [byte])
    rows = np.exp(predictor.predict(states))
    assert rows.sum(1).max() < 1 + 1e-5
    for state, row in zip(states, rows, strict=True):
        assert np.allclose(np.exp(predictor.predict([state])[0]), row, atol=1e-5)
    assert np.allclose(row_after(predictor, text), rows[-1], atol=1e-5)


def test_unassigned_mass_is_unknown_words(word_file: Path) -> None:
    """Apart from the factor, the unassigned probability is the share of unknown words."""
    predictor = open_predictor(word_file)
    unknown = words_before(predictor, [])[UNKNOWN]
    assert row_after(predictor, b"").sum() / CLAIMED_SHARE + unknown == pytest.approx(1, abs=1e-5)
    assert unknown > 1e-3


def test_unknown_prefix_assigns_nothing(
    word_file: Path,
) -> None:
    """Nothing is assigned within a word that no known word begins like."""
    predictor = open_predictor(word_file)
    assert row_after(predictor, b"the zeb").sum() == 0
    assert row_after(predictor, b"the zebra ").sum() > 0.1


def test_states_survive_cache_eviction(word_file: Path, monkeypatch) -> None:
    """States predict the same after their caches were evicted."""
    monkeypatch.setattr(predictors_words, "MAX_CACHED_HISTORIES", 2)
    predictor = WordsPredictor(WordModel.open(word_file))
    states = [predictor.feed(predictor.start(), TEXT[:end]) for end in range(len(TEXT))]
    first = [predictor.predict([state])[0] for state in states]
    again = predictor.predict(states)
    assert np.allclose(np.exp(first), np.exp(again), atol=1e-5)


# Training

OPTIONS = WordOptions(hidden=24, embedding=16, batch=4, window=8, steps=12, seed=3, device="cpu")
SENTENCES = ["the cat sat on the mat. ", "a dog ran in the rain. ", "naïve café, 日本語. "]
CORPUS = [(sentence * 40).encode() for sentence in SENTENCES]


def trained(folder: Path, options: WordOptions) -> WordModel:
    corpus = Corpus(CORPUS, ["a", "b", "c"], {})
    checkpoint = folder / "checkpoint"
    train(
        corpus,
        options,
        destination=folder / "m.onnx",
        checkpoint=checkpoint,
        resume=False,
        name="small",
        report=lambda _progress: None,
    )
    return WordModel.open(folder / "m.onnx")


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_trained_network_writes_corpus_words(cell, tmp_path: Path) -> None:
    """A trained network writes the words of its corpus."""
    network = trained(tmp_path, replace(OPTIONS, cell=cell, batch=8, steps=200, learning_rate=2e-2))
    about = network.metadata
    assert (about.unit, about.cell, about.vocabulary) == (
        "word",
        cell,
        len(network.vocabulary.words),
    )
    assert about.bits_per_character is not None
    assert about.bits_per_character < 2
    written = "".join(generate(WordsPredictor(network), b"the cat", 60, Options()))
    assert written.startswith(" sat on the mat.")
    assert set(split_words(written.encode())[:-1]) <= set(network.vocabulary.words)


def test_prompt_may_end_unknown(tmp_path: Path) -> None:
    """A prompt may end with an unknown word."""
    predictor = WordsPredictor(trained(tmp_path, OPTIONS))
    assert "".join(generate(predictor, b"zebra", 20, Options(temperature=0.5))).startswith(" ")


def test_resumed_training_is_identical(tmp_path: Path) -> None:
    """A resumed training equals one that was never stopped."""

    def stop_at_half(progress) -> None:
        if progress.step == 6:
            raise KeyboardInterrupt

    whole = WordTrainer(CORPUS, OPTIONS)
    whole.run(tmp_path / "whole", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        WordTrainer(CORPUS, OPTIONS).run(tmp_path / "half", stop_at_half)
    resumed = WordTrainer.resume(CORPUS, tmp_path / "half")
    resumed.run(tmp_path / "half", lambda _: None)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name
    with pytest.raises(ModelError, match="texts have changed"):
        WordTrainer.resume([CORPUS[0]], tmp_path / "half")


def test_unknown_words_cost_byte_bits() -> None:
    """Unknown words of held-out text are charged byte by byte."""
    vocabulary = Vocabulary.of([b"the cat sat. " * 9])
    torch.manual_seed(0)
    network = TorchNetwork(SHAPES[0], len(vocabulary.words) + 1)
    with torch.no_grad():
        network.output.head.bias[UNKNOWN] = (
            50.0  # sure that each word is unknown: which costs 8 bits a byte
        )
    held = HeldOutWords.of([" the cat ünd zebra".encode()], vocabulary)
    assert (held.unknown_bytes, held.characters) == (
        len(" ünd zebra".encode()),
        len(" the cat ünd zebra") + 1,
    )
    held = HeldOutWords.of([b" zebra" * 20], vocabulary)
    assert bits_per_character(network, held, torch.device("cpu")) == pytest.approx(
        BITS_PER_UNKNOWN_BYTE * 120 / 121, rel=0.1
    )


def test_too_little_text_is_an_error() -> None:
    """Too little text raises an error that says so."""
    with pytest.raises(CorpusError, match="give more"):
        WordTrainer([b"one two three"], OPTIONS)


# Which model is used


def test_wrong_unit_gives_advice(word_file: Path, tmp_path: Path) -> None:
    """A model of the other unit raises an error that says how to use it."""
    with pytest.raises(ModelError, match=r"word-level model.*predictors"):
        Network.open(word_file)
    with pytest.raises(ModelError, match=r"byte-level model.*--unit word"):
        WordModel.open(BUNDLED)
    store = Store(tmp_path)
    store.import_file(word_file, "mine")
    with pytest.raises(ModelError, match=r'"words": {"model": "mine"}'):
        store.use("mine")


def test_model_choice_has_three_sources(word_file: Path, tmp_path: Path, monkeypatch) -> None:
    """The model is the named one, else the one in the config, else the newest."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="--unit word"):
        create(PredictorConfig(model=BUNDLED))
    assert create(PredictorConfig(model=word_file)).network.metadata.name == "words"
    assert (
        create(PredictorConfig(options={"model": str(word_file)})).network.metadata.name == "words"
    )
    with pytest.raises(ModelError, match="byte-level"):
        create(PredictorConfig(model=word_file, options={"model": "default"}))
    with pytest.raises(ModelError, match='"model": NAME'):
        create(PredictorConfig(options={"model": 3}))
    Store().import_file(word_file, "mine")
    assert create(PredictorConfig(model=BUNDLED)).network.metadata.name == "words"
    assert math.isfinite(
        float(create(PredictorConfig()).predict([create(PredictorConfig()).start()]).max())
    )
