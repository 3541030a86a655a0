"""Third-party predictors: a correct one and one with each fault, installed as users do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from .client import FORETYPE, Client, environment, server

DATA = Path(__file__).parents[1] / "data"
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
YEAR = f"{date.today():%Y}"
SCRIPTED = {"scripted": {"texts": ["hello world"]}}


def install(folder: Path, *packages: Path) -> dict[str, str]:
    """Install `packages` in a folder of their own; return an environment that has them."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        *OFFLINE,
        "--target",
        str(folder),
        *map(str, packages),
    ]
    subprocess.run(command, check=True)
    return {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return install(tmp_path_factory.mktemp("good"), DATA / "plugin")


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return install(tmp_path_factory.mktemp("bad"), DATA / "bad_plugin")


def run(
    home: Path, plugins: dict[str, str], *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environ = environment(home, plugins)
    return subprocess.run(
        [*FORETYPE, *arguments],
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def ghosts(client: Client, predictors: dict[str, Any], *texts: str) -> list[str]:
    """Return the ghost text after each of the texts, with all of them open at once."""
    client.initialize({"predictors": predictors})
    for i, text in enumerate(texts):
        client.open(f"file:///{i}.txt", text)
    offered = [client.ghost(f"file:///{i}.txt", 0, len(text)) for i, text in enumerate(texts)]
    return [items[0]["insertText"] if items else "" for items in offered]


def test_plugin_predicts_in_server(tmp_path: Path, good: dict[str, str]) -> None:
    """A plugin predicts in the server."""
    with server(tmp_path, env=good) as (client, _):
        assert ghosts(client, {"today": {}}, f"Date: {YEAR[:2]}")[0].startswith(f"{YEAR[2:]}-")
        assert client.warnings() == []


def test_plugin_gets_its_options(tmp_path: Path, good: dict[str, str]) -> None:
    """A plugin gets its own options."""
    with server(tmp_path, env=good) as (client, _):
        predictors = {"today": {"formats": ["in the year %Y"]}}
        assert ghosts(client, predictors, "It was in") == [f" the year {YEAR}"]


def test_refused_options_are_one_warning(tmp_path: Path, good: dict[str, str]) -> None:
    """Options that a plugin refuses are one warning, with the plugin's message."""
    with server(tmp_path, env=good) as (client, _):
        assert ghosts(client, {"today": {"formats": 3}, **SCRIPTED}, "hello") == [" world"]
        (warning,) = client.warnings()
        assert 'today takes {"formats":' in warning


def test_complete_shows_plugin_share(tmp_path: Path, good: dict[str, str]) -> None:
    """`foretype complete` shows the share of a plugin."""
    names = ("--predictor", "network", "--predictor", "today")
    shown = run(tmp_path, good, "complete", "-:1:9", "--json", *names, stdin=f"Date: {YEAR[:2]}")
    offers = json.loads(shown.stdout)
    (next_digit,) = (item for item in offers["characters"] if item["text"] == YEAR[2])
    assert set(next_digit["shares"]) == {"network", "today"}
    assert next_digit["shares"]["today"] > 0.5


def test_plugin_prints_spare_json(tmp_path: Path, bad: dict[str, str]) -> None:
    """Text that a plugin prints stays out of the JSON on standard output."""
    shown = run(tmp_path, bad, "complete", "-:1:1", "--json", "--predictor", "printing")
    assert json.loads(shown.stdout)["characters"]
    assert "from C" in shown.stderr


def test_doctor_shows_predictor_costs(tmp_path: Path, good: dict[str, str]) -> None:
    """`foretype doctor` names the package of a predictor, and the time and memory it takes."""
    checks = {
        check["name"]: check for check in json.loads(run(tmp_path, good, "doctor", "--json").stdout)
    }
    today, network = checks["predictor today"], checks["predictor network"]
    assert today["ok"]
    assert today["found"].startswith("foretype-today 1.0: ")
    assert " ms per step" in today["found"]
    assert network["found"].startswith("foretype 0.")
    assert "in use by default" in network["found"]
    assert "in use by default" not in today["found"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raising", "(KeyError at {plugin}:"),
        ("slow", "slow"),
        ("nan", "NaN"),
        ("misshapen", "shape"),
        ("listing", "shape"),
        ("forgetting", "states, one for each"),
        ("probabilities", "logarithms"),
        ("quitting", "sys.exit was called: SystemExit at {plugin}:"),
        ("leaving", "could not be made: SystemExit at {plugin}:"),
        ("nothing", "lacks one of start, feed, step, predict"),
        ("missing", "foretype_absent"),
    ],
)
def test_misbehaving_plugin_costs_itself_alone(
    tmp_path: Path, bad: dict[str, str], name: str, reason: str
) -> None:
    """A plugin that raises, hangs or answers nonsense is dropped alone."""
    with server(tmp_path, env=bad) as (client, _):
        assert ghosts(client, {name: {}, **SCRIPTED}, "hello", "oh, hello", "hell") == [
            " world",
            " world",
            "o world",
        ]
        client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///0.txt"}})
        client.open("file:///0.txt", "hello")
        for column in range(6):
            client.completions("file:///0.txt", 0, column)
        (warning,) = client.warnings()
        assert reason.format(plugin=Path(bad["PYTHONPATH"], "foretype_wayward.py")) in warning
        assert name in warning
        # The exception's message may hold the user's text, and editors log the messages they show.
        assert not re.search("the key is lost|enough of this|a script, not a library", warning)


@pytest.mark.slow
def test_doctor_survives_every_plugin(tmp_path: Path, bad: dict[str, str]) -> None:
    """`foretype doctor` survives every plugin, and advises."""
    ran = run(tmp_path, bad, "doctor", "--json")
    checks = {check["name"].removeprefix("predictor "): check for check in json.loads(ran.stdout)}
    assert ran.returncode == 1
    assert ran.stderr == ""
    reasons = {
        "raising": "the key is lost",
        "slow": "",
        "endless": "has not answered",
        "nan": "NaN",
        "misshapen": "shape",
        "listing": "shape",
        "forgetting": "states, one for each",
        "probabilities": "logarithms",
        "quitting": "enough of this",
        "unnormalised": "add up to",
        "changing": "changes the state",
        "skipping": "one at a time",
        "leaving": "a script, not a library",
        "crashing": "status 3",
        "nothing": "lacks one of",
        "missing": "foretype_absent",
    }
    for name, words in reasons.items():
        assert not checks[name]["ok"], name
        assert checks[name]["found"].startswith("foretype-wayward 0.3: ")
        assert words in checks[name]["found"]
        assert name in checks[name]["remedy"]
    assert checks["printing"]["ok"]
    assert checks["scripted"]["ok"]
    assert "latency of ghost text" in checks


def test_packages_may_share_a_name(tmp_path: Path, good: dict[str, str]) -> None:
    """Two packages with a predictor of the same name are distinguished."""
    other = tmp_path / "other_today-2.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-today\nVersion: 2.0\n")
    (other / "entry_points.txt").write_text(
        "[foretype.predictors]\ntoday = foretype_today:create\n"
    )
    both = {**good, "PYTHONPATH": os.pathsep.join([good["PYTHONPATH"], str(tmp_path)])}
    checks = {
        check["name"]: check
        for check in json.loads(run(tmp_path / "home", both, "doctor", "--json").stdout)
    }
    assert not checks["predictor today"]["ok"]
    assert "foretype-today 1.0" in checks["predictor today"]["found"]
    assert "other-today 2.0" in checks["predictor today"]["found"]
