"""What is installed in VS Code is what its sources say, and these are sound."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from foretype_server.settings import NAMES, Settings, read_settings

from . import npm

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "editor-clients" / "vscode"
VSIX = CLIENT / "foretype.vsix"
LARGEST = 500_000
"""Bytes of the package: it lies in each wheel."""


@pytest.fixture(scope="module")
def packaged() -> dict[str, bytes]:
    """The files that VS Code puts into the extension's folder, by their names there."""
    with zipfile.ZipFile(VSIX) as archive:
        inside = {
            name.removeprefix("extension/"): name
            for name in archive.namelist()
            if name.startswith("extension/")
        }
        return {name: archive.read(path) for name, path in inside.items()}


def manifest() -> dict[str, Any]:
    return json.loads((CLIENT / "package.json").read_text("utf-8"))


def settings() -> dict[str, dict[str, Any]]:
    """The schema of each, by its name without the section."""
    groups = manifest()["contributes"]["configuration"]
    properties = {name: schema for group in groups for name, schema in group["properties"].items()}
    return {name.removeprefix("foretype."): schema for name, schema in properties.items()}


def test_all_but_the_bundle_is_packaged_as_it_is_committed(packaged: dict[str, bytes]) -> None:
    renamed = {"readme.md": "README.md", "LICENSE.txt": "LICENSE", "changelog.md": "CHANGELOG.md"}
    committed = {
        name: CLIENT / renamed.get(name, name) for name in packaged if not name.startswith("dist/")
    }
    assert {"package.json", "readme.md", "LICENSE.txt", "images/icon.png"} <= set(committed)
    assert [name for name, path in committed.items() if path.read_bytes() != packaged[name]] == []


def test_the_package_is_small(packaged: dict[str, bytes]) -> None:
    assert VSIX.stat().st_size < LARGEST
    assert not [
        name for name in packaged if "node_modules" in name or name.endswith((".ts", ".map"))
    ]


@pytest.mark.timeout(300)  # npm installs, checks and builds
@pytest.mark.skipif(npm.missing() is not None, reason=str(npm.missing()))
def test_the_sources_are_sound_and_build_the_packaged_bundle(
    packaged: dict[str, bytes], tmp_path: Path
) -> None:
    sources = npm.installed(CLIENT, tmp_path)
    npm.run(sources, "npm", "run", "check")
    npm.run(sources, "npm", "run", "build")
    built = {f"dist/{path.name}": path.read_bytes() for path in (sources / "dist").iterdir()}
    assert set(built) == {name for name in packaged if name.startswith("dist/")}
    assert [name for name in built if built[name] != packaged[name]] == [], "run npm run package"


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_the_licence_and_the_version_are_the_projects(packaged: dict[str, bytes]) -> None:
    assert packaged["LICENSE.txt"] == (ROOT / "LICENSE").read_bytes()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert manifest()["version"] == project["version"]


def test_licences_of_all_that_is_bundled_come_along(packaged: dict[str, bytes]) -> None:
    notices = packaged["dist/LICENSES.txt"].decode()
    for package in ("vscode-languageclient", "vscode-jsonrpc", "minimatch", "semver"):
        assert re.search(rf"^{package} \d", notices, re.MULTILINE)


def test_the_settings_are_the_servers_with_its_defaults() -> None:
    schemas = settings()
    assert set(schemas) == {*NAMES, "path"}
    defaults = {name: schemas[name]["default"] for name in NAMES}
    assert read_settings(defaults) == (Settings(), [])
    assert json.dumps(defaults["predictors"]) == json.dumps([*Settings().predictors])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_setting_allows_the_server_allows(name: str) -> None:
    schema = settings()[name]
    allowed = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
    for value in allowed:
        assert read_settings({name: value})[1] == []
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            assert read_settings({name: schema[bound] + step})[1] != []


def test_a_workspace_that_is_not_trusted_names_no_program() -> None:
    restricted = manifest()["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert set(restricted) == {"foretype.model", "foretype.predictors"}
    assert settings()["path"]["scope"] == "machine"


def test_the_readme_knows_the_commands_and_the_settings() -> None:
    readme = (CLIENT / "README.md").read_text("utf-8")
    commands = [command["title"] for command in manifest()["contributes"]["commands"]]
    assert [title for title in commands if f"| {title} |" not in readme] == []
    rows = dict(re.findall(r"^\| `foretype\.([\w.]+)` \| `(.+?)` \|", readme, re.MULTILINE))
    assert {name: json.loads(default) for name, default in rows.items()} == {
        name: schema["default"] for name, schema in settings().items()
    }


def test_each_command_is_one_of_the_sources() -> None:
    source = (CLIENT / "src" / "commands.ts").read_text("utf-8")
    registered = set(re.findall(r'^    "(foretype\.\w+)":', source, re.MULTILINE))
    assert registered == {command["command"] for command in manifest()["contributes"]["commands"]}
