"""Where things come from: what the trust suite's part `supply` looks at, a little of each; and that it can fail."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.trust import licences, loading, pins, supply

KNOWN = pins.pins()


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from marshal import loads", "import joblib.memory", "eval('1')", "exec(text)", "os.system(a)",
        "subprocess.run(a, shell=True)", "subprocess.Popen(a, shell=asked)", "torch.load(path)",
        "torch.load(path, weights_only=False)", "np.load(path)", "numpy.load(path, allow_pickle=True)",
        "yaml.load(text)", "def f():\n    if a:\n        import shelve",
    ],
)  # fmt: skip
def test_what_may_run_what_it_reads_is_found(source):
    assert list(supply.dangers(source))


@pytest.mark.parametrize(
    "source",
    [
        "import json", "network.eval()", "re.compile(a)", "subprocess.run(a, shell=False)", "session.exec(a)",
        "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)", "yaml.safe_load(text)",
    ],
)  # fmt: skip
def test_what_runs_nothing_is_left_alone(source):
    assert list(supply.dangers(source)) == []


def test_no_file_that_is_read_is_unpickled():
    assert [outcome for outcome in supply._loads() if not outcome.held or not outcome.tried] == []


@pytest.mark.parametrize("place", [0, 1])
def test_the_pickles_that_are_tried_would_run(tmp_path, place):
    marker = tmp_path / loading.MARKER
    content = loading.pickles(marker)[place]
    (tmp_path / "tried").write_bytes(content[content.index(b"cbuiltins") :])
    subprocess.run([sys.executable, "-m", "pickle", tmp_path / "tried"], capture_output=True, check=False)
    assert marker.exists()


@pytest.mark.parametrize("need", pins.wanted(), ids=str)
def test_what_is_wanted_is_pinned(need):
    assert pins.is_pinned(need, KNOWN), "renew requirements-dev.txt by the line at its head"


def test_all_that_is_installed_for_developing_is_pinned():
    installed = set(licences.installed_for("foretype", pins.EXTRAS)) - {"foretype"}
    assert installed <= KNOWN.keys()


@pytest.mark.parametrize("need", ["numpy<1", "leftpad", "torch==1.0"])
def test_what_is_not_pinned_is_found(need):
    assert not pins.is_pinned(Requirement(need), KNOWN)


def test_a_pin_without_a_hash_is_none():
    assert not pins.is_pinned(Requirement("numpy"), {"numpy": [KNOWN["numpy"][0]._replace(hashes=[])]})


def test_the_pins_name_no_place_to_get_them_from():
    lines = pins.REQUIREMENTS.read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or " @ " in line or line.startswith("-")]


def test_every_package_of_npm_is_pinned():
    assert supply._npm().held
    assert {lock.parent.name for lock in pins.NPM_LOCKS} >= {"playground", "vscode"}


@pytest.mark.parametrize("extras", [(), ("dev",)])
def test_everything_that_comes_along_may_be_passed_on(extras):
    outcome = supply._licences(extras, "a test")
    assert outcome.held, outcome.note
    assert outcome.tried > 10


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("License-Expression: MIT", True),
        ("License-Expression: Apache-2.0 WITH LLVM-exception AND (MIT AND Zlib)", True),
        ("License-Expression: GPL-3.0-only OR MIT", True),
        ("License-Expression: MIT AND GPL-3.0-only", False),
        ("License-Expression: MPL-2.0", False),
        ("License: MIT License", True),
        ("License: see the file", False),
        ("Classifier: License :: OSI Approved :: BSD License", True),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", False),
        ("Summary: says nothing", False),
    ],
)
def test_a_licence_is_read_as_packages_tell_it(tmp_path: Path, told: str, expected: bool):
    (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.4\nName: one\nVersion: 1\n{told}\n", "utf-8")
    expression = licences.licence(Distribution.at(tmp_path))
    assert licences.may_be_passed_on("one", expression) == expected


def test_a_wheel_is_the_same_wherever_it_is_built_and_tells_what_is_in_it(tmp_path):
    sources = supply.copied(supply.ROOT, tmp_path / "sources")
    first, second = (supply.wheel(sources, tmp_path / name) for name in ("here", "a longer name"))
    assert first == second
    assert supply.is_whole(first)
