"""Generated text: whole code points, repeatable by seed, up to the end of the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.generate import MAX_REPEATED_BYTES, generate, until_sentence_end
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.scripted import ScriptedPredictor


@settings(max_examples=40, deadline=None)
@given(
    prompt=st.text(max_size=20),
    temperature=st.sampled_from([0.0, 0.7, 2.0]),
    seed=st.integers(0, 2**40),
)
def test_generates_whole_code_points(network: Network, prompt, temperature, seed) -> None:
    """Generated text has whole code points, as many as asked for at most, and repeats with its
    seed.
    """
    options = Options(temperature=temperature, seed=seed)
    pieces = list(generate(NetworkPredictor(network), prompt.encode(), 30, options))
    assert len(pieces) <= 30
    assert all(len(piece) == 1 for piece in pieces)
    assert pieces == list(generate(NetworkPredictor(network), prompt.encode(), 30, options))


def test_generation_stops_at_end() -> None:
    """Generation stops when the predictor expects the end of the text."""
    scripted = ScriptedPredictor(["hello world"])
    assert "".join(generate(scripted, b"hello", 100, Options(temperature=0))) == " world"


def test_text_leaves_its_circle() -> None:
    """A text that may not repeat itself goes on differently after a few words of its circle."""
    circle = ScriptedPredictor(["round and round and " * 20, "elsewhere"])
    prompt, sure = b"round", Options(temperature=0.1)
    again = "".join(generate(circle, prompt, 200, sure))
    assert again.count("round and round and ") > 5
    once = "round" + "".join(generate(circle, prompt, 200, sure, may_repeat=False))
    words = [once[start : start + MAX_REPEATED_BYTES] for start in range(len(once))]
    at_word = [
        once[start : start + MAX_REPEATED_BYTES + 1]
        for start, word in enumerate(words)
        if len(word) == MAX_REPEATED_BYTES and word.endswith(" ")
    ]
    assert len(set(at_word)) == len(at_word)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab.!? \n"), max_size=60), st.integers(1, 60))
def test_text_ends_with_sentence(text, length) -> None:
    """A text ends with the first sentence that ends in its second half, and else as it would."""
    shown = "".join(until_sentence_end(text[:length], length))
    assert text.startswith(shown)
    if shown != text[:length]:
        assert shown[-1] in ".!?"
        assert 2 * len(shown) >= length
    middle = -(-length // 2)
    for end in range(max(middle, 1), len(shown)):
        assert not (shown[end - 1] in ".!?" and shown[end].isspace())
