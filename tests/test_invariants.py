"""What must stay true of the sources as a whole, whoever changes them. A failure names the file."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "model" / "foretype_model"
SERVER = ROOT / "server" / "foretype_server"
TRAINING = MODEL / "training"
LONGEST_FILE = 400


def tracked() -> list[Path]:
    """The files of the repository, new ones too; none where this is no git checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"] or [
    path for folder in (MODEL, SERVER, ROOT / "tests") for path in folder.rglob("*.py")
]


def each(paths: list[Path]) -> pytest.MarkDecorator:
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    return pytest.mark.parametrize("path", paths, ids=names)


def within(*folders: Path) -> list[Path]:
    return [path for path in PYTHON if any(path.is_relative_to(folder) for folder in folders)]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.module


def packages(path: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(path)}


def modules_after(*statements: str) -> set[str]:
    """What a fresh interpreter has imported after these statements."""
    code = "; ".join(["import sys", *statements, "print(*sys.modules)"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


@each(within(MODEL))
def test_the_model_knows_neither_protocol_nor_server(path):
    assert not packages(path) & {"pygls", "lsprotocol", "foretype_server", "typer", "rich", "prompt_toolkit"}


@each([path for path in within(MODEL, SERVER) if not path.is_relative_to(TRAINING)])
def test_torch_lives_in_training_alone(path):
    assert not packages(path) & {"torch", "onnx", "safetensors"}


@pytest.mark.parametrize("module", ["foretype_server.lsp", "foretype_model.completer", "foretype_model.store"])
def test_serving_does_without_torch(module):
    loaded = modules_after(f"import {module}", "import foretype_model.predictors.network")
    assert not loaded & {"torch", "onnx", "safetensors", "foretype_model.training"}


def test_the_command_line_starts_without_what_only_some_commands_need():
    assert not modules_after("import foretype_server.cli") & {"torch", "onnx", "onnxruntime", "pygls", "lsprotocol"}


@each(within(MODEL, SERVER))
def test_utf_16_is_known_to_one_room(path):
    code = path.read_text("utf-8").lower()
    knows = any(word in code for word in ("utf-16", "utf_16", "utf16", "positionencoding"))
    assert not knows or path == SERVER / "to_proto.py"


@each(PYTHON)
def test_nothing_is_unpickled(path):
    assert not packages(path) & {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"torch.load", "np.load", "numpy.load"}:
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert keywords.get("weights_only") == "True" or keywords.get("allow_pickle") == "False", node.lineno


@each(PYTHON)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


@each(PYTHON)
def test_a_file_is_named_for_what_it_holds(path):
    assert path.stem not in {"util", "utils", "helper", "helpers", "misc", "common"}


@each(TRACKED)
def test_no_text_knows_the_machine_it_was_written_on(path):
    # Put together here, so that this file itself may be searched.
    machine = [f"/{folder}/" for folder in ("work", "root", "opt")] + ["pypi" + ".org"]
    content = path.read_bytes()
    assert not [word for word in machine if word.encode() in content]


def test_the_wheel_holds_the_two_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["server/foretype_server", "model/foretype_model"]}


@pytest.mark.parametrize("folder", ["model", "server"])
def test_nothing_importable_stands_beside_the_packages(folder):
    beside = {path.name for path in (ROOT / folder).iterdir() if path.name != "__pycache__"}
    assert beside == {f"foretype_{folder}"}


def test_serving_needs_no_torch_to_be_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert not [need for need in project["dependencies"] if need.startswith(("torch", "onnx>", "onnx=", "safetensors"))]


def test_the_changelog_speaks_of_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
