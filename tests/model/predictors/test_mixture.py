"""The mixture is a distribution, learns its weights, and survives faulty members."""

from __future__ import annotations

import math
import time
from importlib.resources import files
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.proposals import Proposals
from foretype_model.predictor import VOCABULARY, Predictor
from foretype_model.predictors import mixture, stopwatch
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.log_mixer import MixerWeights
from foretype_model.predictors.mixture import Mixture, MixtureState, PredictorFailed
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.scripted import ScriptedPredictor


class FixedPredictor(ScriptedPredictor):
    """A predictor with one fixed row of probabilities for each state, which is the row's number."""

    def __init__(self, *rows: np.ndarray) -> None:
        super().__init__([])
        self._rows = np.array(rows, np.float32)

    def start(self):
        return 0

    def feed(self, state, text):
        return state

    def step(self, states, following):
        return list(states)

    def predict(self, states):
        with np.errstate(divide="ignore"):
            return np.log(self._rows[list(states)])


def sure_of(byte: str, mass: float = 1.0, sureness: float = 0.95) -> np.ndarray:
    row = np.full(VOCABULARY, (1 - sureness) / (VOCABULARY - 1))
    row[ord(byte)] = sureness
    return mass * row


NOTHING = np.zeros(VOCABULARY)
EVENLY = np.full(VOCABULARY, 1 / VOCABULARY)


@st.composite
def rows(draw) -> np.ndarray:
    """Rows of any mass up to 1, spread over all bytes or over few."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    row = random.dirichlet(np.full(VOCABULARY, draw(st.sampled_from([0.003, 0.1, 10.0]))))
    return row * draw(st.sampled_from([0.0, 1e-12, 0.001, 0.3, 0.9, 0.999, 1.0, 1.0]))


MEMBERS = st.lists(st.tuples(rows(), rows(), rows()), min_size=1, max_size=4)


def at(*rows: int) -> MixtureState:
    """The state in which each member answers with the row of its number."""
    return MixtureState(rows)


def mixture_of(members) -> tuple[Mixture, list[MixtureState]]:
    mixed = Mixture({f"member {i}": FixedPredictor(*told) for i, told in enumerate(members)})
    return mixed, [at(*(i,) * len(members)) for i in range(len(members[0]))]


@settings(deadline=None)
@given(
    members=MEMBERS, typed=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 255)), max_size=30)
)
def test_mixture_and_shares_are_distributions(members, typed) -> None:
    """The mixture is a distribution, and the members' shares in it sum to 1 or less."""
    mixed, states = mixture_of(members)
    for which, byte in typed:
        mixed.learn(states[which], byte)
    p = np.exp(mixed.predict(states))
    assert p.shape == (3, VOCABULARY)
    assert p.sum(1) == pytest.approx(1, abs=1e-3)
    for i, state in enumerate(states):
        shares = sum(mixed.shares(state).values())
        likely = p[i] > 1e-9
        assert (shares[likely] <= 1 + 1e-3).all()
        if any(told[i].sum() > 0.9999 for told in members):
            assert shares[likely] == pytest.approx(1, abs=1e-3)


@settings(deadline=None)
@given(members=MEMBERS)
def test_predictions_do_not_depend_on_batch(members) -> None:
    """A row's prediction is the same whichever other rows are asked for."""
    mixed, states = mixture_of(members)
    together = mixed.predict(states)
    for row, state in zip(together, states, strict=True):
        assert np.allclose(np.exp(row), np.exp(mixed.predict([state])[0]), atol=1e-6)


@settings(deadline=None)
@given(row=rows(), first=st.booleans())
def test_silent_members_change_nothing(row, first) -> None:
    """A member that assigns no probability leaves the prediction as it is."""
    told, silent = FixedPredictor(row), FixedPredictor(NOTHING)
    alone = Mixture({"told": told}).predict([at(0)])
    both = Mixture({"silent": silent, "told": told} if first else {"told": told, "silent": silent})
    assert np.exp(both.predict([at(0, 0)])) == pytest.approx(np.exp(alone), abs=1e-6)
    assert not both.shares(at(0, 0))["silent"].any()


def test_single_whole_member_passes_through(network: Network) -> None:
    """The prediction of a single whole member is passed on bit by bit."""
    alone = NetworkPredictor(network)
    mixed = Mixture({"network": alone})
    state, states = mixed.feed(mixed.start(), b"some text"), alone.feed(alone.start(), b"some text")
    assert np.array_equal(mixed.predict([state]), alone.predict([states]))


def test_partial_members_leave_rest_uniform() -> None:
    """Without a whole member, the unassigned probability is spread evenly."""
    mixed = Mixture({"half": FixedPredictor(sure_of("a", 0.5, 1.0))})
    p = np.exp(mixed.predict([at(0)]))[0]
    assert p[ord("a")] == pytest.approx(0.5, abs=0.01)
    assert np.delete(p, ord("a")) == pytest.approx(0.5 / VOCABULARY, rel=0.02)
    assert mixed.shares(at(0))["half"][ord("z")] == 0


def test_initial_weight_is_assigned_mass() -> None:
    """Before learning, a partial member's weight is the probability that it assigns."""
    mixed = Mixture(
        {
            "part": FixedPredictor(sure_of("a", 0.7, 1.0)),
            "whole": FixedPredictor(sure_of("b", 1.0, 1.0)),
        }
    )
    p = np.exp(mixed.predict([at(0, 0)]))[0]
    assert (p[ord("a")], p[ord("b")]) == pytest.approx((0.7, 0.3), abs=1e-3)
    shares = mixed.shares(at(0, 0))
    assert (shares["part"][ord("a")], shares["whole"][ord("b")]) == pytest.approx((1, 1))


def test_second_whole_member_counts_half() -> None:
    """Before learning, a second whole member's weight is half of its highest probability."""
    mixed = Mixture(
        {"base": FixedPredictor(EVENLY), "second": FixedPredictor(sure_of("a", 1.0, 0.8))}
    )
    assert np.exp(mixed.predict([at(0, 0)]))[0, ord("a")] == pytest.approx(
        0.4 * 0.8 + 0.6 / VOCABULARY, abs=1e-3
    )


def typed_by(mixed: Mixture, text: str) -> list[float]:
    """The probability of each typed byte, from which the mixture then learns."""
    state, found = at(*(0,) * len(mixed.members)), []
    for byte in text.encode():
        found.append(float(np.exp(mixed.predict([state])[0, byte])))
        mixed.learn(state, byte)
    return found


@pytest.mark.parametrize("mass", [0.1, 0.7, 0.99, 1.0])
def test_right_members_gain_weight(mass: float) -> None:
    """A member that predicts right gains weight, and one that predicts wrong loses it."""
    for typed, better in (("a", 1), ("b", -1)):
        mixed = Mixture(
            {"base": FixedPredictor(EVENLY), "other": FixedPredictor(sure_of("a", mass))}
        )
        before = mixed.shares(at(0, 0))["other"][ord("c")]
        found = typed_by(mixed, typed * 300)
        assert found[-1] > found[0]
        assert better * (mixed.shares(at(0, 0))["other"][ord("c")] - before) > 0


def test_weight_matches_half_right_member() -> None:
    """A member that is sure and right half of the time gets about half of the weight."""
    mixed = Mixture({"base": FixedPredictor(EVENLY), "sure": FixedPredictor(sure_of("a", 0.95))})
    typed_by(mixed, "ab" * 500)
    weight = 1 - np.exp(mixed.predict([at(0, 0)])[0]).min() * VOCABULARY
    assert 0.3 < weight < 0.7, "sure of one byte, and right in half of the cases"


def test_weight_sets_learn_independently() -> None:
    """Learning in the weight sets of one place leaves the predictions of another as they are, if
    members and text select others there.
    """
    mixed = Mixture(
        {
            "base": FixedPredictor(EVENLY, sure_of("c")),
            "other": FixedPredictor(sure_of("a", 0.9), sure_of("b", 0.3)),
        }
    )
    before = mixed.predict([at(1, 1)])
    for _ in range(200):
        mixed.learn(MixtureState((0, 0), ord(" ")), ord("z"))
    assert np.array_equal(mixed.predict([at(1, 1)]), before)


def test_documents_share_mixer_weights() -> None:
    """Mixtures with the same weights learn together, and others do not."""
    members = {"base": FixedPredictor(EVENLY), "other": FixedPredictor(sure_of("a", 0.5))}
    shared = MixerWeights()
    one, two, apart = Mixture(members, shared), Mixture(members, shared), Mixture(members)
    before = two.predict([at(0, 0)])
    typed_by(one, "a" * 50)
    assert np.array_equal(one.predict([at(0, 0)]), two.predict([at(0, 0)]))
    assert not np.array_equal(two.predict([at(0, 0)]), before)
    assert np.array_equal(apart.predict([at(0, 0)]), before)


# Members that misbehave


class BrokenPredictor(ScriptedPredictor):
    """A predictor with one faulty method."""

    def __init__(self, method: str, do) -> None:
        super().__init__(["some text"])
        original = getattr(self, method)
        setattr(self, method, lambda *args: do(original(*args)))


def raised(_):
    raise KeyError("lost")


def slept(answer):
    time.sleep(0.1)  # long enough that a busy machine does not account for it
    return answer


def with_nan(answer):
    answer[0, 7] = np.nan
    return answer


@pytest.mark.parametrize(
    ("method", "do"),
    [
        ("start", raised),
        ("feed", raised),
        ("step", raised),
        ("step", lambda states: states[:-1]),
        ("predict", raised),
        ("predict", with_nan),
        ("predict", np.exp),
        ("predict", lambda answer: answer[:, :-1]),
        ("predict", lambda answer: answer.tolist()),
    ],
)
def test_member_errors_name_the_member(method, do) -> None:
    """An exception or malformed answer of a member is raised with its name."""
    mixed = Mixture({"good": ScriptedPredictor(["some text"]), "bad": BrokenPredictor(method, do)})
    with pytest.raises(PredictorFailed, match="bad") as failed:
        mixed.predict(mixed.step([mixed.feed(mixed.start(), b"some")], b" "))
    assert failed.value.name == "bad"


@pytest.mark.parametrize("method", ["step", "predict"])
def test_three_slow_calls_fail(method, monkeypatch) -> None:
    """A member fails after three slow calls of one method in a row."""
    monkeypatch.setattr(stopwatch, "SLOW_SECONDS", 0.01)
    mixed = Mixture({"quick": FixedPredictor(EVENLY), "slow": BrokenPredictor(method, slept)})
    for _ in range(2):
        mixed.predict(mixed.step([mixed.start()], b"s"))
    with pytest.raises(PredictorFailed, match="too slow") as failed:
        mixed.predict(mixed.step([mixed.start()], b"s"))
    assert failed.value.name == "slow"


def test_preempted_calls_are_not_slow(monkeypatch) -> None:
    """Time that the system gave to others does not count; the member's own CPU time does."""
    preempted = count()
    monkeypatch.setattr(stopwatch, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(stopwatch, "context_switches", lambda: (0, next(preempted)))
    mixed = Mixture({"starved": BrokenPredictor("predict", slept)})
    for _ in range(6):
        mixed.predict([mixed.start()])
    busy = Mixture({"busy": BrokenPredictor("predict", worked)})
    with pytest.raises(PredictorFailed, match="too slow"):
        for _ in range(6):
            busy.predict([busy.start()])


def worked(answer):
    end = time.thread_time() + 0.015
    while time.thread_time() < end:
        pass
    return answer


def test_occasional_slow_calls_pass(monkeypatch) -> None:
    """Slow calls with fast ones between them do not fail."""
    monkeypatch.setattr(stopwatch, "SLOW_SECONDS", 0.01)
    pauses = iter([0.02, 0.02, 0.0] * 4)

    def now_and_then(answer):
        time.sleep(next(pauses))
        return answer

    mixed = Mixture({"now and then": BrokenPredictor("predict", now_and_then)})
    for _ in range(12):
        mixed.predict([mixed.start()])


@pytest.mark.parametrize(
    "proposed",
    [
        [(b"ab", 1000.0)], [(b"ab", 0.01)], [(b"ab", math.inf)], [(b"ab", math.nan)],
        [(b"fine", -1.0), ("ab", -1.0)], [(b"", -1.0)], [(b"ab", None)], [(b"ab", b"c")],
        [(b"ab",)], [b"ab"], [None], (b"ab", -1.0), None, 7, iter([(b"ab", -1.0)]),
    ],
)  # fmt: skip
def test_malformed_proposals_name_the_member(proposed) -> None:
    """Proposals that are no list of texts with log-probabilities raise the member's name."""
    bad = WordPredictor()
    bad.propose = lambda state, limit: proposed
    mixed = Mixture({"good": WordPredictor(the=0.6), "bad": bad})
    with pytest.raises(PredictorFailed, match="bad: propose must return") as failed:
        mixed.propose(mixed.start(), 5)
    assert failed.value.name == "bad"


@pytest.mark.parametrize("log_p", [-math.inf, -1000.0, -745.0, -(10**400)])
def test_impossible_proposals_are_skipped(log_p) -> None:
    """A proposed word with probability 0 is skipped, and numbers of numpy and 0 are taken."""
    words = CopyingPredictor()
    words.propose = lambda state, limit: [(b"no", log_p), (b"b", np.float32(-700)), (b"a", 0)]
    mixed = Mixture({"words": words})
    found = mixed.propose(mixed.start(), 5)
    assert [(one.text, one.log_p) for one in found] == [(b"a", 0.0), (b"b", -700.0)]
    for is_code in (False, True):
        proposals = Proposals(5, is_code=is_code)
        proposals.add(b"", found)
        assert proposals.has_prefix(b"b")


# On real text


def bits(members: dict[str, Predictor], text: bytes) -> float:
    """Bits a byte of a text typed from its start, shown to observers at each line end."""
    mixed, total = Mixture(members), 0.0
    state = mixed.start()
    for i, byte in enumerate(text):
        if text[i - 1 : i] == b"\n":
            mixed.observe("held out", text[:i], b"")
        total -= float(mixed.predict([state])[0, byte]) / np.log(2)
        mixed.learn(state, byte)
        (state,) = mixed.step([state], [byte])
    return total / len(text)


def test_mixture_beats_each_member() -> None:
    """On a new text, network and copy together take 5 % fewer bits than either alone."""
    text = Path(mixture.__file__).read_bytes()[:4000]
    network = NetworkPredictor(
        Network.open(Path(str(files("foretype_model") / "data/default.onnx")))
    )
    alone = [bits({"network": network}, text), bits({"copy": CopyPredictor()}, text)]
    assert bits({"network": network, "copy": CopyPredictor()}, text) < 0.95 * min(alone)


class WordPredictor(FixedPredictor):
    """A predictor that proposes given words."""

    def __init__(self, **words: float) -> None:
        super().__init__(EVENLY)
        self._words = words

    def propose(self, state, limit):
        return [(word.encode(), math.log(p)) for word, p in self._words.items()][:limit]


class CopyingPredictor(WordPredictor):
    """One that knows where its words stand."""

    def sources(self, state, text, limit):
        return []


def test_proposals_tell_own_words() -> None:
    """Proposals come most probable first, and say how probable the user's texts make them."""
    members = {"words": WordPredictor(the=0.6, a=0.2), "copy": CopyingPredictor(name=0.3, a=0.4)}
    mixture = Mixture(members)
    found = mixture.propose(mixture.start(), 5)
    assert [one.text for one in found] == [b"the", b"a", b"name"]
    assert [math.exp(one.log_p) for one in found] == pytest.approx([0.6, 0.4, 0.3])
    assert [one.own for one in found] == pytest.approx([0, 0.4, 0.3])
