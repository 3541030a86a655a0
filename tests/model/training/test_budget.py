"""A training keeps to its minutes by a fake clock: all that it does is within them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from foretype_model.training import trainer
from foretype_model.training.trainer import Progress, Trainer


@dataclass(frozen=True)
class Options:
    minutes: float = 1.0
    steps: int | None = None
    learning_rate: float = 1.0


class Clock:
    """A clock that moves only when something takes time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeTrainer(Trainer):
    """A training whose steps and evaluations take given seconds of a fake clock.

    Attributes:
        evaluated: the numbers of steps after which it was evaluated.
        rates: the learning rate of each step, without the warm-up.
    """

    def __init__(self, clock: Clock, options: Options, step: float, evaluation: float) -> None:
        self.clock, self.options, self.times = clock, options, (step, evaluation)
        self.step, self.seconds, self.loss = 0, 0.0, 0.0
        self.evaluated: list[int] = []
        self.saved: list[int] = []
        self.rates: list[float] = []

    @property
    def trained_bytes(self) -> int:
        return self.step

    def _minibatches(self) -> Iterator[tuple[int]]:
        return ((number,) for number in itertools.count())

    def _training_step(self, _number: int) -> float:
        self.rates.append(1 + math.cos(math.pi * self.fraction()))
        self.clock.now += self.times[0]
        self.step += 1
        return 0.0

    def _evaluate(self, _path: Path) -> Progress:
        self.clock.now += self.times[1]
        self.evaluated.append(self.step)
        return self._progress(2.0, "a sample")

    def save(self, _path: Path) -> None:
        self.saved.append(self.step)


def train(
    monkeypatch: pytest.MonkeyPatch,
    *,
    preparing: float,
    step: float,
    evaluation: float,
    options: Options | None = None,
) -> tuple[FakeTrainer, float, list[Progress]]:
    """Train from the start to the model's file and its comparison, which take as long as an
    evaluation; return the training, the seconds it took in all, and its reports.
    """
    clock = Clock()
    monkeypatch.setattr(trainer, "monotonic", clock)
    training = FakeTrainer(clock, options or Options(), step, evaluation)
    began, reports = clock.now, list[Progress]()
    clock.now += preparing
    training.begin(began)
    if training.options.steps is None:
        training.evaluate(Path())
    training.run(Path(), reports.append)
    clock.now += evaluation
    return training, clock.now - began, reports


@pytest.mark.parametrize("preparing", [0.0, 12.0, 30.0])
@pytest.mark.parametrize("step", [0.01, 0.5, 4.0])
@pytest.mark.parametrize("evaluation", [0.01, 0.5, 3.0])
def test_everything_is_within_minutes(
    monkeypatch: pytest.MonkeyPatch, preparing: float, step: float, evaluation: float
) -> None:
    """Preparing, steps, evaluations and the end take the minutes, and little less."""
    training, seconds, reports = train(
        monkeypatch, preparing=preparing, step=step, evaluation=evaluation
    )
    assert 60 * 0.85 <= seconds <= 60
    assert training.step >= 1
    assert reports[-1].fraction == 1
    assert [report.fraction for report in reports] == sorted(report.fraction for report in reports)
    evaluating = evaluation * len(training.evaluated)
    assert evaluating <= 0.1 * 60 + 2 * evaluation


def test_slow_machine_makes_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that preparing has spent already still gives one step, at a real learning rate."""
    training, _, _ = train(monkeypatch, preparing=90.0, step=7.0, evaluation=20.0)
    assert training.step == 1
    assert training.rates == [2.0]
    assert training.evaluated == [0, 1]


def test_learning_rate_falls_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The learning rate begins at its height after preparing, and has fallen at the last step."""
    training, _, _ = train(monkeypatch, preparing=30.0, step=0.1, evaluation=0.1)
    assert training.rates[0] == 2.0
    assert training.rates[-1] < 0.01


def test_time_left_counts_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time left is the rest of the minutes, and the last stage is the comparison."""
    _, _, reports = train(monkeypatch, preparing=20.0, step=1.0, evaluation=1.0)
    assert reports[0].seconds_left == pytest.approx(60 - 20 - 1 - 1)
    assert reports[0].fraction == pytest.approx(22 / 60)
    assert reports[0].bytes_per_second == pytest.approx(1.0)
    stages = [report.stage for report in reports]
    assert stages == ["training"] * (len(stages) - 2) + ["comparing"] * 2


def test_steps_ignore_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of steps is scored after the same steps, however slow the machine is; a slow one
    only saves more often.
    """
    options = Options(steps=200)
    quick, slow = (
        train(monkeypatch, preparing=5.0, step=step, evaluation=9.0, options=options)[0]
        for step in (0.01, 1000.0)
    )
    assert (quick.step, slow.step) == (200, 200)
    assert quick.evaluated == slow.evaluated
    assert 18 <= len(quick.evaluated) <= 20
    assert quick.evaluated[-1] == 200
    assert quick.rates == slow.rates
    assert quick.saved == []
    assert len(slow.saved) + len(slow.evaluated) == 200


def test_resumed_minutes_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed training has the rest of its minutes, for preparing again, too."""
    clock = Clock()
    monkeypatch.setattr(trainer, "monotonic", clock)
    training = FakeTrainer(clock, Options(), 1.0, 0.5)
    training.step, training.seconds, training.prepared = 10, 30.0, 8.0
    began = clock.now
    clock.now += 5
    training.begin(began)
    training.evaluate(Path())
    training.run(Path(), lambda _progress: None)
    assert 28 - 2.5 <= clock.now - began <= 30
    assert training.step > 11
