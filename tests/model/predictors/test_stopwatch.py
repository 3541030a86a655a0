"""Slow predictors, on machines that are busy with something else."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.predictors.pulse import Pulse
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.predictors.stopwatch import SLOW_SECONDS

HELD_SECONDS = 2 * SLOW_SECONDS
"""Seconds for which the other thread keeps the interpreter each time that it gets it."""


class Pausing(ScriptedPredictor):
    """A predictor that does something before each prediction."""

    def __init__(self, pause: Callable[[], object]) -> None:
        super().__init__(["some text"])
        self._pause = pause

    def predict(self, states):
        self._pause()
        return super().predict(states)


def is_dropped(pause: Callable[[], object], calls: int = 6) -> bool:
    """Return whether a predictor that pauses so fails within a few calls."""
    mixed = Mixture({"pausing": Pausing(pause)})
    try:
        for _ in range(calls):
            mixed.predict([mixed.start()])
    except PredictorFailed as failed:
        assert "too slow" in str(failed)
        return True
    return False


@pytest.fixture
def contended() -> Iterator[None]:
    """Another thread computes in Python all the time, and hands over rarely."""
    before = sys.getswitchinterval()
    ended = threading.Event()

    def compute() -> None:
        while not ended.is_set():
            pass

    other = threading.Thread(target=compute)
    sys.setswitchinterval(HELD_SECONDS)
    other.start()
    try:
        yield
    finally:
        ended.set()
        other.join()
        sys.setswitchinterval(before)


@pytest.mark.usefixtures("contended")
def test_waiting_for_interpreter_is_excused() -> None:
    """A predictor that waits for another thread's Python code alone is not dropped."""

    def hand_over() -> None:
        waited = 0.0
        while waited < SLOW_SECONDS:
            began = time.perf_counter()
            time.sleep(0.001)
            waited = time.perf_counter() - began

    assert not is_dropped(hand_over)


def test_sleeping_predictor_is_dropped() -> None:
    """A predictor that sleeps is dropped."""
    assert is_dropped(lambda: time.sleep(2 * SLOW_SECONDS))


def test_waiting_for_network_is_dropped() -> None:
    """A predictor that waits for an answer from elsewhere is dropped, and computes nothing."""
    ours, theirs = socket.socketpair()
    ours.settimeout(2 * SLOW_SECONDS)

    def ask() -> None:
        with pytest.raises(TimeoutError):
            ours.recv(1)

    with ours, theirs:
        assert is_dropped(ask)


@pytest.mark.usefixtures("contended")
def test_computing_predictor_is_dropped_anyway() -> None:
    """A predictor that computes too long is dropped, however busy the machine is."""

    def compute() -> None:
        end = time.thread_time() + 1.2 * SLOW_SECONDS
        while time.thread_time() < end:
            pass

    assert is_dropped(compute)


def test_pulse_tells_late_from_slept() -> None:
    """While nothing else runs, the thread that sleeps is hardly late."""
    pulse = Pulse()
    pulse.seconds_late(time.perf_counter())  # starts it
    began = time.perf_counter()
    time.sleep(0.5)
    assert pulse.seconds_late(began) < 0.25


@pytest.mark.usefixtures("contended")
def test_pulse_counts_pending_wait() -> None:
    """The thread is late while it still waits for the interpreter."""
    pulse = Pulse()
    pulse.seconds_late(time.perf_counter())
    time.sleep(0.02)
    began = time.perf_counter()
    end = began + HELD_SECONDS / 2
    while time.perf_counter() < end:
        pass
    assert pulse.seconds_late(began) > HELD_SECONDS / 4
