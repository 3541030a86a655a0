"""Training by several processes, as torchrun starts them: what one process would do, and stopped as
one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from foretype_model.errors import ModelError
from foretype_model.predictors.network.runtime import read_metadata
from foretype_model.training import checkpoint
from foretype_model.training.__main__ import main
from foretype_model.training.pack import pack
from foretype_model.training.parallel import Ranks

pytestmark = pytest.mark.timeout(
    300
)  # each process imports torch, and there are three for a training by two

TEXTS = [
    f"{sentence} {i} ".encode() * 40
    for i in range(8)
    for sentence in ("the cat sat", "naïve café", "日本語")
]
NETWORK = (
    "--hidden",
    "12",
    "--embedding",
    "4",
    "--batch",
    "5",
    "--window",
    "16",
    "--device",
    "cpu",
)
STEPS = ("--steps", "40")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "packed"
    pack(TEXTS, path)
    return path


def start(processes: int, *arguments: str | Path) -> subprocess.Popen[str]:
    """`foretype_model.training` by some processes, in a process group of its own."""
    launch = (
        ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        if processes > 1
        else []
    )
    command = [sys.executable, *launch, "-m", "foretype_model.training", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )


def train(processes: int, *arguments: str | Path) -> str:
    """What a training that ends well has said."""
    training = start(processes, *arguments)
    said = training.communicate()[1]
    assert training.returncode == 0, said
    return said


def tensors(path: Path, part: str = "network") -> dict[str, Tensor]:
    return checkpoint.with_prefix(checkpoint.load(path)[0], part)


def scores(said: str) -> list[float]:
    """The held-out bits per character of each scoring."""
    return [
        float(line.split("held-out ")[1].split()[0])
        for line in said.splitlines()
        if "held-out" in line
    ]


def assert_alike(path: Path, other: Path, tolerance: float) -> None:
    for part in ("network", "best", "carry", "optimizer"):
        ours, theirs = tensors(path, part), tensors(other, part)
        assert ours.keys() == theirs.keys() != set()
        for name, tensor in ours.items():
            torch.testing.assert_close(
                tensor, theirs[name], rtol=0, atol=tolerance, msg=f"{part}.{name}"
            )


@pytest.fixture(scope="module")
def by_two(corpus, tmp_path_factory) -> Path:
    """The checkpoint that two processes, of two rows and of three, leave at their end; beside it,
    what they said.
    """
    folder = tmp_path_factory.mktemp("two")
    said = train(2, corpus, "--out", folder / "t.onnx", *NETWORK, *STEPS)
    (folder / "said").write_text(said)
    return folder / "t.checkpoint"


def test_two_processes_equal_one(corpus, by_two, tmp_path):
    """Two processes learn the weights that one learns on the same minibatches."""
    said = train(1, corpus, "--out", tmp_path / "t.onnx", *NETWORK, *STEPS)
    assert_alike(by_two, tmp_path / "t.checkpoint", tolerance=1e-5)
    assert scores(said) == pytest.approx(scores((by_two.parent / "said").read_text()), abs=2e-3)
    ours, theirs = read_metadata(tmp_path / "t.onnx"), read_metadata(by_two.with_suffix(".onnx"))
    assert ours.trained_bytes == theirs.trained_bytes == 40 * 5 * 16
    assert ours.bits_per_character == pytest.approx(theirs.bits_per_character, abs=1e-3)


@pytest.mark.parametrize(("how", "processes"), [(signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_parallel_training_resumes_exactly(how, processes, corpus, by_two, tmp_path):
    """Processes that were stopped and resumed equal those that never stopped."""
    arguments = (corpus, "--out", tmp_path / "t.onnx")
    halted = start(2, *arguments, *NETWORK, *STEPS)
    while not scores(halted.stderr.readline()):
        assert halted.poll() is None
    halted.send_signal(how)  # to torchrun, as a terminal or a scheduler does
    said = halted.communicate()[1]
    assert halted.returncode != 0
    assert "--resume" in said, said
    assert 2 <= checkpoint.load(tmp_path / "t.checkpoint")[1]["step"] < 40
    assert not (tmp_path / "t.onnx").exists()
    train(processes, *arguments, "--resume")
    assert_alike(by_two, tmp_path / "t.checkpoint", tolerance=0 if processes == 2 else 1e-5)


BY_THE_CLOCK = """
import sys, time
from pathlib import Path
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.parallel import join_ranks
from foretype_model.training.stream import InMemoryDocuments

with join_ranks() as ranks:
    options = TrainingOptions(
        hidden=12, embedding=4, batch=4, window=16, minutes=0.02, device="cpu"
    )
    training = ByteTrainer(InMemoryDocuments([b"some words of a text " * 99]), options, ranks=ranks)
    time.sleep(0.3 * ranks.rank)
    wait = lambda: bool(time.sleep(0.02 * ranks.rank))
    training.run(Path(sys.argv[1], "checkpoint"), lambda progress: None, wait)
    total = sum(weight.double().sum().item() for weight in training.network.state_dict().values())
    told = f"{training.step} {training.seconds} {training.loss} {total}"
    Path(sys.argv[1], str(ranks.rank)).write_text(told)
"""


def test_first_clock_ends_all(tmp_path):
    """The clock of rank 0 ends all processes after the same step, with time left to score."""
    (tmp_path / "train.py").write_text(BY_THE_CLOCK)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run([*launch, tmp_path / "train.py", tmp_path], check=True, capture_output=True)
    first, second = ((tmp_path / rank).read_text() for rank in "01")
    assert first == second
    assert 0.3 <= float(first.split()[1]) < 60


@given(size=st.integers(1, 9), batch=st.integers(1, 99))
def test_rows_are_divided(size, batch):
    """Each row of a minibatch belongs to one process."""
    if batch < size:
        with pytest.raises(ModelError, match="--batch"):
            Ranks(0, size).rows(batch)
        return
    rows = [Ranks(rank, size).rows(batch) for rank in range(size)]
    assert [row for part in rows for row in part] == list(range(batch))
    assert {len(part) for part in rows} <= {batch // size, batch // size + 1}


def test_what_goes_wrong_is_one_line_and_a_status(corpus, tmp_path, capsys):
    def fails(*arguments: str | Path) -> str:
        assert main([*map(str, arguments), "--out", str(tmp_path / "t.onnx")]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    (tmp_path / "short.txt").write_text("short")
    assert "cannot read" in fails(tmp_path / "missing")
    assert "without --resume" in fails(corpus, "--resume")
    assert "alone" in fails(corpus, tmp_path / "short.txt")
    assert "give more" in fails(tmp_path / "short.txt")
    assert not list(tmp_path.glob("*.onnx"))


@pytest.mark.parametrize(
    "options",
    [
        ("--resume", "--steps", "9"),
        ("--resume", "--from", "m.onnx"),
        ("--from", "m.onnx", "--hidden", "9"),
        ("--minutes", "1", "--steps", "1"),
        ("--batch", "0"),
        ("--minutes", "nan"),
        ("--learning-rate", "x"),
    ],
)
def test_contradicting_options_are_refused(options, tmp_path):
    """Options that contradict each other are wrong usage."""
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path), "--out", str(tmp_path / "t.onnx"), *options])
