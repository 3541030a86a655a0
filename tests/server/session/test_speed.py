"""The speed of the suggestions, as the editor's status tells it."""

from __future__ import annotations

from foretype_server.session.speed import MEASURED_ANSWERS, Speed


def test_speed_needs_an_answer() -> None:
    """Before the first answer there is nothing to tell."""
    assert Speed().summary() is None


def test_speed_is_of_last_answers() -> None:
    """The last answer, the median of the latest ones, and the steps a second are told."""
    speed = Speed()
    for _ in range(MEASURED_ANSWERS):
        speed.answered(9.0)
    for milliseconds in [10.0] * (MEASURED_ANSWERS - 1) + [30.04]:
        speed.answered(milliseconds / 1000)
    speed.worked(0.5, 100)
    speed.worked(0.25, 200)
    speed.worked(7.0, 0)
    assert speed.summary() == {"last": 30.0, "median": 10.0, "stepsPerSecond": 400}
