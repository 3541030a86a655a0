"""How often a mixture asks its members, which of them it asks, and how soon it trusts them."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors import mixer_kernel
from foretype_model.predictors.log_mixer import LogMixer
from foretype_model.predictors.mixture import Mixture, MixtureState, PredictorFailed
from foretype_model.predictors.scripted import ScriptedPredictor


class CountedPredictor(ScriptedPredictor):
    """A predictor that counts the rows it predicts, and records all that it is shown."""

    def __init__(self, *texts: str, wants_more: bool = False) -> None:
        super().__init__(texts)
        self.rows: Counter[bytes] = Counter()
        self.learnt: list[tuple[bytes, int]] = []
        self.observed: list[tuple[str, bytes, bytes]] = []
        self._wants_more = wants_more

    def predict(self, states):
        self.rows.update(states)
        return super().predict(states)

    def learn(self, state, following) -> None:
        self.learnt.append((state, following))

    def save(self) -> None: ...

    def observe(self, uri, before, after) -> bool:
        self.observed.append((uri, before, after))
        return self._wants_more


def pair(**options: bool) -> tuple[CountedPredictor, CountedPredictor, Mixture]:
    one, two = CountedPredictor("hello world"), CountedPredictor("hello there", **options)
    return one, two, Mixture({"one": one, "two": two})


def test_state_is_predicted_once() -> None:
    """All questions about the state at the cursor are answered by one prediction of each member,
    also when it is asked for anew after another text.
    """
    one, two, mixed = pair()
    state = mixed.feed(mixed.start(), b"hello")
    first = mixed.predict([state])
    mixed.shares(state)
    mixed.predictions([state])
    assert np.array_equal(mixed.predict([state]), first)
    assert one.rows == two.rows == Counter({b"hello": 1})
    other = mixed.feed(state, b" w")
    assert mixed.predict([other])[0].argmax() == ord("o")
    assert mixed.predict([state])[0].argmax() == ord(" ")


@pytest.mark.parametrize("has_kernel", [True, False])
def test_state_is_mixed_once(monkeypatch: pytest.MonkeyPatch, has_kernel: bool) -> None:
    """Prediction, shares and learning at one state mix its members by numpy once, until they learn;
    also where no kernel is compiled.
    """
    mixes: list[int] = []
    if not has_kernel:
        monkeypatch.setattr(mixer_kernel, "library", lambda: None)
    mix = LogMixer.mix
    monkeypatch.setattr(LogMixer, "mix", lambda *told: mixes.append(1) or mix(*told))
    _, _, mixed = pair()
    state = mixed.feed(mixed.start(), b"hello")
    mixed.predict([state])
    mixed.shares(state)
    mixed.learn(state, ord(" "))
    assert len(mixes) == 1
    mixed.shares(state)
    assert len(mixes) == 2


@pytest.mark.parametrize("change", ["learn", "observe", "invalidate"])
def test_changes_are_predicted_anew(change: str) -> None:
    """After the members may have learnt something, they are asked again."""
    one, _, mixed = pair()
    state = mixed.feed(mixed.start(), b"hello")
    mixed.predict([state])
    if change == "learn":
        mixed.learn(state, ord(" "))
    elif change == "observe":
        mixed.observe("file:///a", b"", b"")
    else:
        mixed.invalidate()
    assert one.rows == Counter({b"hello": 1})
    mixed.predict([state])
    mixed.shares(state)
    assert one.rows == Counter({b"hello": 2})


def test_rows_are_their_states() -> None:
    """A batch has the row of each of its states, in their order, whatever is cached."""
    _, _, mixed = pair()
    states = [mixed.feed(mixed.start(), text) for text in (b"hell", b"wor", b"hello t")]
    alone = [mixed.predict([state])[0] for state in states]
    assert [row.argmax() for row in alone] == [ord("o"), ord("l"), ord("h")]
    assert np.allclose(mixed.predict(states), alone, atol=1e-5)
    assert np.allclose(mixed.predict(states[::-1]), alone[::-1], atol=1e-5)


def test_each_learner_has_its_state() -> None:
    """Each member learns the typed byte after its own state, once."""
    one, two, mixed = pair()
    mixed.learn(MixtureState((b"hell", b"shell")), ord("o"))
    assert one.learnt == [(b"hell", ord("o"))]
    assert two.learnt == [(b"shell", ord("o"))]


@pytest.mark.parametrize("wants_more", [False, True])
def test_observers_are_all_shown(wants_more: bool) -> None:
    """Each member is shown the document, and one that asks for more is enough."""
    one, two, mixed = pair(wants_more=wants_more)
    assert mixed.observe("file:///a", b"before", b"after") == wants_more
    assert one.observed == two.observed == [("file:///a", b"before", b"after")]


def test_single_member_learns_no_weights() -> None:
    """With a single whole member there is nothing to weigh: its prediction stays its own."""
    alone = CountedPredictor("hello world")
    mixed = Mixture({"alone": alone})
    state = mixed.feed(mixed.start(), b"hello")
    before = mixed.predict([state])
    for _ in range(20):
        mixed.learn(state, ord("x"))
    assert np.array_equal(mixed.predict([state]), before)
    assert mixed.shares(state)["alone"] == pytest.approx(np.ones(VOCABULARY))


class SurePredictor(ScriptedPredictor):
    """A predictor that is sure of an "a" in 27 % of all cases, or, of no byte, knows all."""

    def __init__(self, probability: float = 0.0) -> None:
        super().__init__([])
        self._row = np.full(VOCABULARY, (0.03 if probability else 1) / VOCABULARY, np.float32)
        self._row[ord("a")] += probability

    def predict(self, states):
        return np.log(np.stack([self._row] * len(states)))


def test_member_is_trusted_in_time() -> None:
    """A member that turns out to be right is trusted after some dozen bytes: sooner, and chance
    would decide; later, and users would have stopped to look.
    """
    mixed = Mixture({"base": SurePredictor(), "sure": SurePredictor(0.27)})
    found: list[float] = []
    for _ in range(60):
        found.append(float(np.exp(mixed.predict([MixtureState((b"", b""))])[0, ord("a")])))
        mixed.learn(MixtureState((b"", b"")), ord("a"))
    half, most = (next(i for i, p in enumerate(found) if p > least) for least in (0.5, 0.9))
    assert 3 <= half <= 6
    assert 12 <= most <= 24


class LeavingPredictor(ScriptedPredictor):
    """A predictor that raises what ends a program."""

    def __init__(self, error: BaseException) -> None:
        super().__init__([])
        self._error = error

    def predict(self, states):
        raise self._error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SystemExit(3), r"sys\.exit was called"),
        (KeyboardInterrupt(), "KeyboardInterrupt was raised"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_no_member_ends_the_server(error: BaseException, message: str) -> None:
    """What would end the program is an error of the member that raised it, off the main thread."""
    mixed = Mixture({"good": ScriptedPredictor(["a"]), "bad": LeavingPredictor(error)})
    with ThreadPoolExecutor(1) as pool, pytest.raises(PredictorFailed, match=message) as failed:
        pool.submit(mixed.predict, [MixtureState((b"", b""))]).result()
    assert failed.value.name == "bad"


def test_ctrl_c_is_the_users() -> None:
    """On the main thread, an interruption is the user's and goes on as one; `sys.exit` does not."""
    with pytest.raises(KeyboardInterrupt):
        Mixture({"bad": LeavingPredictor(KeyboardInterrupt())}).predict([MixtureState((b"",))])
    with pytest.raises(PredictorFailed, match=r"sys\.exit was called"):
        Mixture({"bad": LeavingPredictor(SystemExit())}).predict([MixtureState((b"",))])
    assert sys.exc_info() == (None, None, None)
