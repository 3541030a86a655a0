"""Generated text: whole code points, repeatable by seed, up to the end of the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.generate import generate
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
