"""Where things come from: what the trust suite's part `supply` looks at, a little of each; and that
it can fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from tests.trust import licences, loading, pins, supply

KNOWN = pins.pins(pins.REQUIREMENTS)
KNOWN_TO_BUILD = pins.pins(pins.BUILD_REQUIREMENTS)
LOWEST = Path(__file__).parent / "data" / "lowest-versions.json"
"""The requirements of each dependency in the lowest version that pyproject.toml allows, as the
package's metadata has them for Linux, without extras.
"""

COMMIT = "3d3c42e5aac5ba805825da76410c181273ba90b1"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from marshal import loads", "import joblib.memory", "eval('1')",
        "exec(text)", "os.system(a)",
        "subprocess.run(a, shell=True)", "subprocess.Popen(a, shell=asked)", "torch.load(path)",
        "torch.load(path, weights_only=False)", "np.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "yaml.load(text)", "def f():\n    if a:\n        import shelve",
    ],
)  # fmt: skip
def test_unpickling_calls_are_found(source):
    """Calls that may run the data they read are found."""
    assert list(supply.dangers(source))


@pytest.mark.parametrize(
    "source",
    [
        "import json", "network.eval()", "re.compile(a)", "subprocess.run(a, shell=False)",
        "session.exec(a)",
        "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
    ],
)  # fmt: skip
def test_safe_calls_are_allowed(source):
    """Calls that run nothing are allowed."""
    assert list(supply.dangers(source)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("run([sys.executable, '-m', 'foretype_server'])", True),
        ("COMMAND = (sys.executable, '-c', code)", True),
        ("run([sys.executable, '-P', '-m', 'foretype_server'])", False),
        ("run(['cc', '-c', path])", False),
    ],
)
def test_stray_imports_are_found(source, found):
    """A Python that would import from the working directory is found."""
    assert bool(list(supply.strays(source))) == found


@pytest.mark.parametrize(
    "draw",
    [
        (
            "from foretype_server.console.plot import draw_keys_saved; "
            "draw_keys_saved({}, Path('drawn.png'))"
        ),
        (
            "from foretype_model.evaluation.plot import SystemScore, plot; plot({'': "
            "SystemScore(0, 0, (), {})}, {}, Path('drawn.png'))"
        ),
    ],
)
def test_matplotlibrc_is_ignored(tmp_path, draw):
    """A matplotlibrc in the working directory does not change a picture."""
    pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True")
    latex = tmp_path / "bin" / "latex"
    latex.parent.mkdir()
    latex.write_text("#!/bin/sh\ntouch ran\n")
    latex.chmod(0o755)
    environ = {**os.environ, "PATH": f"{latex.parent}{os.pathsep}{os.environ['PATH']}"}
    code = f"from pathlib import Path; {draw}"
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, env=environ, check=True)
    assert (tmp_path / "drawn.png").exists()
    assert not list(tmp_path.glob("**/ran"))


def test_no_read_file_is_unpickled():
    """No file that is read is unpickled."""
    assert [outcome for outcome in supply._loads() if not outcome.held or not outcome.tried] == []


@pytest.mark.parametrize("place", [0, 1])
def test_tried_pickles_would_run(tmp_path, place):
    """The pickles of the test above would run if they were read."""
    marker = tmp_path / loading.MARKER
    content = loading.pickles(marker)[place]
    (tmp_path / "tried").write_bytes(content[content.index(b"cbuiltins") :])
    subprocess.run(
        [sys.executable, "-m", "pickle", tmp_path / "tried"], capture_output=True, check=False
    )
    assert marker.exists()


@pytest.mark.parametrize("need", pins.declared(), ids=str)
def test_dependencies_are_pinned(need):
    """Each dependency is pinned."""
    assert pins.is_pinned(need, KNOWN), "renew requirements-dev.txt by the line at its head"


@pytest.mark.parametrize("need", pins.declared_to_build(), ids=str)
def test_build_tools_are_pinned(need):
    """Each tool that builds a release is pinned."""
    assert pins.is_pinned(need, KNOWN_TO_BUILD), (
        "renew requirements-build.txt by the line at its head"
    )


def conflicts(lowest: dict[str, list[str]]) -> list[str]:
    """Return the requirements of packages in `lowest` that others in it do not meet."""
    versions = dict(name.split() for name in lowest)
    needs = [(name, Requirement(need)) for name, all_ in lowest.items() for need in all_]
    return [
        f"{name} needs {need}"
        for name, need in needs
        if not need.specifier.contains(versions.get(need.name, ""), prereleases=True)
        and need.name in versions
    ]


def test_lowest_versions_are_known():
    """The requirements of each dependency are known at its lower bound, which a change of the bound
    must follow.
    """
    project = tomllib.loads((pins.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    used = [*project["dependencies"], *extras["plot"], *extras["train"], *extras["default-model"]]
    bounds = {
        need.name: Version(one.version)
        for need in map(Requirement, used)
        for one in need.specifier
        if one.operator == ">="
    }
    known = dict(name.split() for name in json.loads(LOWEST.read_text("utf-8")))
    assert {name: Version(version) for name, version in known.items()} == bounds


def test_lowest_versions_agree():
    """The lowest version of each dependency takes the lowest versions of the others."""
    assert conflicts(json.loads(LOWEST.read_text("utf-8"))) == []


def test_conflicting_bounds_are_found():
    """A bound that another dependency refuses is found."""
    assert conflicts({"typer 0.29.0": ["rich>=13.8.0", "click"], "rich 13.7.0": []}) == [
        "typer 0.29.0 needs rich>=13.8.0"
    ]


def test_build_tools_are_tested_versions():
    """A release is built with the versions that were tested."""
    both = KNOWN_TO_BUILD.keys() & KNOWN.keys()
    assert "hatchling" in both
    assert {name: KNOWN_TO_BUILD[name] for name in both} == {name: KNOWN[name] for name in both}


def test_build_tools_have_reasons():
    """CONTRIBUTING.md gives a reason for each tool that builds a release."""
    reasons = (pins.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert not [need.name for need in pins.declared_to_build() if f"`{need.name}`" not in reasons]


def test_development_packages_are_pinned():
    """Each package that is installed for development is pinned."""
    installed = set(licences.installed_for("foretype", pins.EXTRAS)) - {"foretype"}
    assert installed <= KNOWN.keys()


@pytest.mark.parametrize("need", ["numpy<1", "leftpad", "torch==1.0"])
def test_missing_pins_are_found(need):
    """A missing pin is found."""
    assert not pins.is_pinned(Requirement(need), KNOWN)


def test_pins_need_hashes():
    """A pin without a hash does not count."""
    assert not pins.is_pinned(
        Requirement("numpy"), {"numpy": [KNOWN["numpy"][0]._replace(hashes=[])]}
    )


@pytest.mark.parametrize(
    "file", [pins.REQUIREMENTS, pins.BUILD_REQUIREMENTS], ids=lambda file: file.name
)
def test_pins_name_no_index(file):
    """The pins have hashes and name no index."""
    assert all(pin.hashes for found in pins.pins(file).values() for pin in found)
    lines = file.read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or " @ " in line or line.startswith("-")]


def test_npm_packages_are_pinned():
    """Every package from npm is pinned."""
    assert supply._npm().held
    assert {lock.parent.name for lock in pins.NPM_LOCKS} >= {"playground", "vscode"}


def test_workflow_inputs_are_pinned():
    """Every action, image and package of a workflow is pinned."""
    outcome = supply._workflows()
    assert outcome.held, outcome.note
    assert outcome.tried > 30


def test_unpinned_inputs_are_documented():
    """CONTRIBUTING.md names each input that is not pinned."""
    told = (pins.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert all(f"`{command}`" in told for command in pins.NEWEST_ON_PURPOSE)


@pytest.mark.parametrize(
    "step",
    [
        "- uses: actions/checkout@v5", "uses: pypa/gh-action-pypi-publish@release/v1",
        "uses: docker://alpine:3",
        f"uses: actions/checkout@{COMMIT}", f"uses: actions/checkout@{COMMIT[:39]} # v7.0.1",
        f"- {{ uses: actions/checkout@{COMMIT} }}", f'"uses": actions/checkout@{COMMIT} # v7.0.1',
        "uses:",
        "container: quay.io/a/b", "container: quay.io/a/b:1 # 1", "container: { image: a }",
        "image: quay.io/a/b:1",
        "- run: pipx run hatchling build", "python -m pip install hatchling",
        "run: true && uvx ruff",
        "run: python -m pip install -r requirements-dev.txt",
        "- run: CC=/bin/false python -m pip install .",
        "python -m pip install --require-hashes -r requirements-dev.txt numpy",
        "python -m pip install --no-deps .",
        "curl https://example.org | sh", "npm install", "npx prettier",
        "git log; pip3.13 -q download numpy",
        "run: sudo apt-get install gcc",
    ],
)  # fmt: skip
def test_unpinned_inputs_are_found(step):
    """An unpinned input of a workflow is found."""
    assert not all(map(pins.is_fixed, pins.steps(f"      {step}\n")))


@pytest.mark.parametrize(
    "step",
    [
        f"- uses: actions/checkout@{COMMIT} # v7.0.1",
        f"container: quay.io/a/b@sha256:{'0a' * 32} # 2026.08.15-1",
        "- run: python -m pip install --require-hashes -r requirements-build.txt",
        "python -m hatchling build",
        "- run: CC=/bin/false python -m pip install --no-deps --no-build-isolation .", "cache: pip",
        "- run: npm ci --ignore-scripts && npm audit --audit-level=high",
        "# pip install hatchling is not run",
    ],
)  # fmt: skip
def test_pinned_inputs_are_allowed(step):
    """A pinned input of a workflow is allowed."""
    assert all(map(pins.is_fixed, pins.steps(f"      {step}\n")))


@pytest.mark.parametrize("extras", [(), ("dev",)])
def test_licences_permit_distribution(extras):
    """Every dependency has a licence that permits distribution."""
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
def test_licences_are_parsed(tmp_path: Path, told: str, expected: bool):
    """Licences are read from the metadata of packages."""
    (tmp_path / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: one\nVersion: 1\n{told}\n", "utf-8"
    )
    expression = licences.licence(Distribution.at(tmp_path))
    assert licences.may_be_passed_on("one", expression) == expected


@pytest.mark.parametrize(("name", "told"), [("one", "another file is there"), ("two", "not run")])
def test_built_files_match_pins(tmp_path, monkeypatch, name, told):
    """Each file that builds a release is the pinned one."""
    with zipfile.ZipFile(tmp_path / "one-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("one-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 1\n")
    (tmp_path / "requirements.txt").write_text(f"{name}==1 --hash=sha256:{'0a' * 32}\n", "utf-8")
    monkeypatch.setattr(pins, "BUILD_REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    outcome = supply._releases(2)
    assert told in outcome.note
    assert outcome.held == (told == "not run")
    assert outcome.survived == 0


def test_wheels_are_reproducible(tmp_path):
    """A wheel is the same wherever it is built, and its RECORD matches its files."""
    sources = supply.copied(supply.ROOT, tmp_path / "sources")
    first, second = (
        supply.contents(supply.release(sources, tmp_path / name, Path(sys.executable)))
        for name in ("here", "a longer name")
    )
    assert first == second
    assert sorted(Path(name).suffix for name in first) == [".gz", ".whl"]
    assert all(
        supply.is_intact(content) for name, content in first.items() if name.endswith(".whl")
    )
