"""The usage counts are summed over servers and days, and shown by `foretype stats`."""

from __future__ import annotations

import datetime
import json
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from foretype_model.errors import ForetypeError
from foretype_server.commands.app import app
from foretype_server.usage.store import FILE_NAME, MAX_COUNT, Count, CountKey, read, sum_by, write

TODAY = datetime.date.today()
GHOST = CountKey(TODAY.isoformat(), "python", "Neovim", "ghost")

counts = st.dictionaries(
    st.builds(
        CountKey,
        st.sampled_from(["2026-01-31", "2026-02-01"]),
        st.text(max_size=3),
        st.text(max_size=3),
        st.just("word"),
    ),
    st.builds(Count, *[st.integers(0, 1000)] * 3),
    max_size=6,
)


@pytest.fixture
def home(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(app, ["stats", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@given(st.lists(counts, max_size=4))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_read_sums_writes(tmp_path_factory, several) -> None:
    """The counts read are the sums of all counts written, from the given day on."""
    folder = tmp_path_factory.mktemp("statistics")
    for one in several:
        write(folder, one)
    expected: dict[CountKey, Count] = {}
    for one in several:
        for key, count in one.items():
            expected[key] = expected.get(key, Count()) + count
    assert read(folder) == expected
    assert read(folder, "2026-02-01") == {
        key: count for key, count in expected.items() if key.day == "2026-02-01"
    }
    assert sum(sum_by("editor", expected).values(), Count()) == sum(expected.values(), Count())


names = st.text(st.characters(exclude_categories=()), max_size=3)
anything = st.builds(CountKey, *[names] * 4), st.builds(Count, *[st.integers(0, 10**40)] * 3)


@given(st.dictionaries(*anything, max_size=3))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bad_counts_spare_others(tmp_path_factory, several) -> None:
    """Names and numbers that SQLite cannot store are adjusted, and lose no other count."""
    folder = tmp_path_factory.mktemp("statistics")
    for _ in range(2):
        write(folder, {**several, GHOST: Count(2, 1, 7)})
    assert read(folder)[GHOST] == Count(4, 2, 14)
    kept = [
        number
        for count in read(folder).values()
        for number in (count.shown, count.accepted, count.characters)
    ]
    assert all(type(number) is int and number <= MAX_COUNT for number in kept)


def write_often(folder: Path) -> None:
    for _ in range(25):
        write(folder, {GHOST: Count(2, 1, 7)})


def test_concurrent_writes_lose_nothing(tmp_path: Path) -> None:
    """Processes that write at the same time lose no count, in a file for the user alone."""
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(write_often, [tmp_path / "home"] * 4))
    assert read(tmp_path / "home") == {GHOST: Count(200, 100, 700)}
    assert stat.S_IMODE((tmp_path / "home" / FILE_NAME).stat().st_mode) == 0o600


def test_broken_file_names_remedy(home: Path) -> None:
    """A broken file is an error that says to remove it."""
    home.mkdir()
    (home / FILE_NAME).write_bytes(b"no database, for sure" * 100)
    for use in (lambda: write(home, {GHOST: Count(1)}), lambda: read(home)):
        with pytest.raises(ForetypeError, match="remove it"):
            use()


def test_empty_file_has_no_counts(home: Path) -> None:
    """A file that another server has created and not filled yet is read, and then written."""
    home.mkdir()
    (home / FILE_NAME).touch()
    assert read(home) == {}
    write(home, {GHOST: Count(2, 1, 7)})
    assert read(home) == {GHOST: Count(2, 1, 7)}


def test_stats_subtracts_accepting_keys(home: Path) -> None:
    """`foretype stats` sums the counts; keys saved are the characters less one per acceptance."""
    assert "No suggestions since" in run()
    old = GHOST._replace(day=(TODAY - datetime.timedelta(40)).isoformat())
    write(
        home,
        {
            GHOST: Count(10, 3, 20),
            GHOST._replace(language="markdown", kind="word"): Count(5, 1, 4),
            old: Count(9),
        },
    )
    assert [(row["language"], row["saved"]) for row in json.loads(run("--json"))] == [
        ("markdown", 3),
        ("python", 17),
    ]
    table = run()
    assert f"{TODAY}     15         4          24          20" in table
    assert "Neovim" in table
    assert len(json.loads(run("--json", "--days", "60"))) == 3


def test_plot_is_a_png(home: Path, tmp_path: Path) -> None:
    """`foretype stats --plot` writes a PNG."""
    write(home, {GHOST: Count(10, 3, 20)})
    pytest.importorskip("matplotlib")
    run("--plot", str(tmp_path / "days.png"))
    assert (tmp_path / "days.png").read_bytes().startswith(b"\x89PNG")
