"""The packaged VS Code extension is built from its sources, and its manifest agrees with the
server.
"""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from foretype_server.settings import SCHEMA, Settings, read_settings

from . import npm

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "editor-clients" / "vscode"
VSIX = CLIENT / "foretype.vsix"
MAX_PACKAGE_BYTES = 500_000
"""The package is a part of each wheel."""


@pytest.fixture(scope="module")
def packaged() -> dict[str, bytes]:
    """The files of the extension's folder, by their names there."""
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
    """Return the schema of each setting by its name without the section."""
    groups = manifest()["contributes"]["configuration"]
    properties = {name: schema for group in groups for name, schema in group["properties"].items()}
    return {name.removeprefix("foretype."): schema for name, schema in properties.items()}


def test_package_has_the_committed_files(packaged: dict[str, bytes]) -> None:
    """All files of the package except the bundle are those of the repository."""
    renamed = {"readme.md": "README.md", "LICENSE.txt": "LICENSE", "changelog.md": "CHANGELOG.md"}
    committed = {
        name: CLIENT / renamed.get(name, name) for name in packaged if not name.startswith("dist/")
    }
    assert {"package.json", "readme.md", "LICENSE.txt", "images/icon.png"} <= set(committed)
    assert [name for name, path in committed.items() if path.read_bytes() != packaged[name]] == []


def test_package_is_small(packaged: dict[str, bytes]) -> None:
    """The package is small and contains no sources."""
    assert VSIX.stat().st_size < MAX_PACKAGE_BYTES
    assert not [
        name for name in packaged if "node_modules" in name or name.endswith((".ts", ".map"))
    ]


@pytest.mark.timeout(300)  # npm installs, checks and builds
@pytest.mark.skipif(npm.missing() is not None, reason=str(npm.missing()))
def test_sources_build_the_packaged_bundle(packaged: dict[str, bytes], tmp_path: Path) -> None:
    """The sources pass their checks and build the packaged bundle."""
    sources = npm.installed(CLIENT, tmp_path)
    npm.run(sources, "npm", "run", "check")
    npm.run(sources, "npm", "run", "build")
    built = {f"dist/{path.name}": path.read_bytes() for path in (sources / "dist").iterdir()}
    assert set(built) == {name for name in packaged if name.startswith("dist/")}
    assert [name for name in built if built[name] != packaged[name]] == [], "run npm run package"


def test_lock_names_no_registry() -> None:
    """The lock file contains no address of a registry."""
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_licence_and_version_match(packaged: dict[str, bytes]) -> None:
    """The licence and the version are those of the project."""
    assert packaged["LICENSE.txt"] == (ROOT / "LICENSE").read_bytes()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert manifest()["version"] == project["version"]


def test_bundled_licences_are_included(packaged: dict[str, bytes]) -> None:
    """The package contains the licences of the bundled libraries."""
    notices = packaged["dist/LICENSES.txt"].decode()
    for package in ("vscode-languageclient", "vscode-jsonrpc", "minimatch", "semver"):
        assert re.search(rf"^{package} \d", notices, re.MULTILINE)


def test_settings_match_the_server() -> None:
    """The settings are those of the server, with its defaults but for two, and `path`."""
    schemas = settings()
    assert set(schemas) == {*SCHEMA, "path"}
    defaults = {name: schemas[name]["default"] for name in SCHEMA}
    assert read_settings(defaults) == (Settings(next_character=False, smart_space=True), [])
    assert json.dumps(defaults["predictors"]) == json.dumps([*Settings().predictors])


@pytest.mark.parametrize("name", SCHEMA)
def test_setting_bounds_match_the_server(name: str) -> None:
    """The server accepts a setting within its bounds and refuses it outside."""
    schema = settings()[name]
    allowed = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
    for value in allowed:
        assert read_settings({name: value})[1] == []
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            assert read_settings({name: schema[bound] + step})[1] != []


def test_untrusted_workspace_is_restricted() -> None:
    """An untrusted workspace cannot set the model, the predictors or the program."""
    restricted = manifest()["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert set(restricted) == {"foretype.model", "foretype.predictors"}
    assert settings()["path"]["scope"] == "machine"


def test_readme_lists_commands_and_settings() -> None:
    """The README lists each command, and each setting with its default."""
    readme = (CLIENT / "README.md").read_text("utf-8")
    commands = [command["title"] for command in manifest()["contributes"]["commands"]]
    assert [title for title in commands if f"| {title} |" not in readme] == []
    rows = dict(re.findall(r"^\| `foretype\.([\w.]+)` \| `(.+?)` \|", readme, re.MULTILINE))
    assert {name: json.loads(default) for name, default in rows.items()} == {
        name: schema["default"] for name, schema in settings().items()
    }


def test_commands_are_registered() -> None:
    """The commands of the manifest are those that the sources register."""
    source = (CLIENT / "src" / "commands.ts").read_text("utf-8")
    registered = set(re.findall(r'^    "(foretype\.\w+)":', source, re.MULTILINE))
    assert registered == {command["command"] for command in manifest()["contributes"]["commands"]}
