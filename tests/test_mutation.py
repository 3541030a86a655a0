"""The rooms of `tests.mutation`: their files, their tests, and the faults that change nothing."""

from __future__ import annotations

import tomllib

import pytest
from tests.mutation.rooms import ROOMS, ROOT

EQUIVALENT = tomllib.loads((ROOT / "tests/mutation/equivalent.toml").read_text("utf-8"))["mutant"]


@pytest.mark.parametrize("name", ROOMS)
def test_rooms_exist(name: str) -> None:
    """Each room names files and tests that are there."""
    room = ROOMS[name]
    for path in (*room.files, *room.tests):
        assert (ROOT / path).exists(), path
    assert room.sources()


@pytest.mark.parametrize("entry", EQUIVALENT, ids=lambda entry: entry["was"][:40])
def test_equivalent_lines_exist(entry: dict[str, str]) -> None:
    """Each fault that is known to change nothing is in a line that is there; remove the entry of a
    line that has changed.
    """
    lines = (ROOT / entry["file"]).read_text("utf-8").splitlines()
    count = entry["was"].count("\n") + 1
    assert any(
        " ".join(map(str.strip, lines[at : at + count])) == entry["was"] for at in range(len(lines))
    ), entry
    assert entry["now"] != entry["was"]
    assert entry["why"]


def test_mutants_are_other_programs() -> None:
    """Each fault is a valid program that differs, at a place of its own, and the same each time."""
    pytest.importorskip("cosmic_ray")
    from tests.mutation.mutants import sample

    source = (ROOT / "model/foretype_model/text/utf8.py").read_text("utf-8")
    chosen = sample(source, "utf8", 12)
    assert chosen == sample(source, "utf8", 12)
    assert len({mutant.source for mutant in chosen} - {source}) == 12
    for mutant in chosen:
        compile(mutant.source, "mutant", "exec")
        assert mutant.was != mutant.now
