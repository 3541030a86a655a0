"""What must stay true of the sources as a whole, whoever changes them. A failure names the file."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from tests.trust.supply import dangers, strays

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "model" / "foretype_model"
SERVER = ROOT / "server" / "foretype_server"
TRAINING = MODEL / "training"
DEFAULT_MODEL = ROOT / "model" / "default_model"
EXTRAS = {
    TRAINING: ["train"],
    DEFAULT_MODEL: ["default-model", "train"],
    MODEL / "evaluation" / "plot.py": ["plot"],
    SERVER / "console" / "plot.py": ["plot"],
}
"""Rooms that need more than every installation has."""
ROOMS: dict[Path, dict[str, set[str]]] = {
    MODEL: {
        "text": set(),
        "": {"text"},
        "files": {"", "text"},
        "privacy": {"", "files", "text"},
        "states": {"", "text"},
        "predictors/mixer_kernel": {""},
        "predictors": {"", "predictors/mixer_kernel", "text"},
        "predictors/network/kernel": {""},
        "predictors/network": {"", "files", "predictors/network/kernel"},
        "predictors/copy/index": {"", "files", "privacy"},
        "predictors/copy": {"", "files", "predictors/copy/index", "privacy", "text"},
        "predictors/ngrams/kernel": {""},
        "predictors/ngrams": {"", "files", "predictors/ngrams/kernel", "text"},
        "store": {"", "files", "predictors/network", "text"},
        "predictors/words": {"", "predictors/network", "store", "text"},
        "completion": {"", "predictors", "privacy", "states", "text"},
        "evaluation": {"", "completion", "files", "predictors", "predictors/copy/index", "text"},
        "training/kernel": {""},
        "training": {
            "",
            "files",
            "predictors/network",
            "predictors/network/kernel",
            "privacy",
            "training/kernel",
        },
        "training/words": {"", "files", "predictors/network", "predictors/words", "training"},
    },
    SERVER: {
        "": set(),
        "usage": {""},
        "session": {"", "usage"},
        "lsp": {"", "session"},
        "playground": {"lsp"},
        "comparison": {"", "lsp"},
        "console": {"usage"},
        "terminal": {"", "console", "usage"},
        "setup": set(),
        "doctor": {"", "console", "setup"},
        "commands": {"", "comparison", "console", "doctor", "lsp", "playground", "setup", "usage"}
        | {"terminal"},
        "__main__": {"", "commands", "lsp"},
    },
}
"""The folders of each package, the lowest first, and the folders that each may import from.

"" stands for the modules beside the folders, as `predictor` and `settings`.
"""
LONGEST_FILE = 400
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def tracked() -> list[Path]:
    """The files of the repository, new ones too; none where this is no git checkout."""
    options = ["-z", "--cached", "--others", "--exclude-standard"]
    command = ["git", "-C", str(ROOT), "ls-files", *options]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"] or [
    path
    for folder in (MODEL, DEFAULT_MODEL, SERVER, ROOT / "tests")
    for path in folder.rglob("*.py")
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
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(parts).removesuffix(".__init__")


def own_imports(path: Path) -> Iterator[str]:
    """The project's own modules that a file imports, those too that only its types need."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            if node.module in FILES:
                submodules = {f"{node.module}.{alias.name}" for alias in node.names} & FILES.keys()
                yield from submodules or {node.module}


def room(path: Path) -> str:
    """The folder that a file of the two packages is in, below its package; "" beside the
    folders.
    """
    package = MODEL if path.is_relative_to(MODEL) else SERVER
    return (
        "__main__"
        if path == SERVER / "__main__.py"
        else "/".join(path.parent.relative_to(package).parts)
    )


def rooms_imported(path: Path) -> set[str]:
    """The other rooms of its package that a file imports."""
    package = MODEL if path.is_relative_to(MODEL) else SERVER
    imported = {FILES[module] for module in own_imports(path)}
    return {room(one) for one in imported if one.is_relative_to(package)} - {room(path)}


def packages(path: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(path)}


def needs(group: str) -> set[str]:
    """The names of the packages in ``dependencies`` or in an extra."""
    project = PYPROJECT["project"]
    wanted = (
        project["dependencies"]
        if group == "dependencies"
        else project["optional-dependencies"][group]
    )
    return {re.match(r"[\w-]+", need)[0] for need in wanted} - {"foretype"}


SOURCES = within(MODEL, DEFAULT_MODEL, SERVER)
FILES = {module_name(path): path for path in SOURCES}


def modules_after(*statements: str) -> set[str]:
    """What a fresh interpreter has imported after these statements."""
    code = "; ".join(["import sys", *statements, "print(*sys.modules)"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


@each(within(MODEL, DEFAULT_MODEL))
def test_model_imports_no_server(path):
    """`foretype_model` imports neither the protocol nor the server."""
    assert not packages(path) & {
        "pygls",
        "lsprotocol",
        "foretype_server",
        "typer",
        "rich",
        "prompt_toolkit",
    }


@each([path for path in within(MODEL, SERVER) if not path.is_relative_to(TRAINING)])
def test_torch_stays_in_training(path):
    """torch is imported in training and default_model alone."""
    assert not packages(path) & {"torch", "onnx", "safetensors"}


@pytest.mark.parametrize(
    "module",
    [
        "foretype_server.lsp.serve",
        "foretype_model.completion.completer",
        "foretype_model.store.store",
    ],
)
def test_serving_imports_no_torch(module):
    """Serving imports no torch."""
    loaded = modules_after(f"import {module}", "import foretype_model.predictors.network.predictor")
    assert not loaded & {"torch", "onnx", "safetensors", "foretype_model.training"}


def test_command_line_imports_little():
    """The command line starts without the packages that only some commands need."""
    needless = {"torch", "onnx", "onnxruntime", "pygls", "lsprotocol", "matplotlib"}
    assert not modules_after("import foretype_server.commands.app") & needless


@each(SOURCES)
def test_one_module_knows_utf_16(path):
    """Position encodings are known to one module."""
    words = ("utf-16", "utf_16", "utf16", "positionencoding")
    knowing = [
        line
        for line in path.read_text("utf-8").splitlines()
        if any(word in line.lower() for word in words)
    ]
    # Besides the one room, the line that reads which encoding was agreed on.
    assert path == SERVER / "lsp" / "to_proto.py" or len(knowing) <= (
        path == SERVER / "lsp" / "handlers.py"
    ), knowing


@each(within(MODEL, SERVER))
def test_rooms_import_downwards(path):
    """Each folder imports from those alone that `ROOMS` names, for types too."""
    package = MODEL if path.is_relative_to(MODEL) else SERVER
    assert rooms_imported(path) <= ROOMS[package][room(path)]


@pytest.mark.parametrize("package", ROOMS, ids=["model", "server"])
def test_no_room_imports_in_a_circle(package):
    """The folders can be put in an order, and each arrow between them is needed: CycleError names
    the circle.
    """
    rooms = ROOMS[package]
    list(TopologicalSorter(rooms).static_order())
    arrows = {(room(path), other) for path in within(package) for other in rooms_imported(path)}
    assert arrows == {(one, other) for one, others in rooms.items() for other in others}


def test_no_module_imports_in_a_circle():
    """Not for its types either: CycleError names the modules of the circle."""
    list(
        TopologicalSorter(
            {module: set(own_imports(path)) for module, path in FILES.items()}
        ).static_order()
    )


@each(PYTHON)
def test_nothing_is_unpickled(path):
    """No module unpickles anything."""
    assert list(dangers(path.read_text("utf-8"))) == []


@each([*SOURCES, ROOT / "hatch_build.py"])
def test_working_directory_is_not_imported(path):
    """No module of the working directory is imported."""
    assert list(strays(path.read_text("utf-8"))) == []


@each([path for path in TRACKED if path.suffix in {".el", ".kak", ".lua", ".rs", ".ts", ".vim"}])
def test_clients_start_python_isolated(path):
    """Nor by a Python that a client starts."""
    options = re.findall(r'"(-[mcP])"', path.read_text("utf-8"))
    assert options.count("-P") == len(options) / 2


@each(PYTHON)
def test_files_are_short(path):
    """A file has at most 400 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


@each(PYTHON)
def test_files_have_telling_names(path):
    """No file is called utils, helpers or the like."""
    assert path.stem not in {"util", "utils", "helper", "helpers", "misc", "common"}


@each(TRACKED)
def test_no_path_of_a_machine(path):
    """No file holds a path of the machine it was written on."""
    # Put together here, so that this file itself may be searched.
    machine = [f"/{folder}/" for folder in ("work", "root", "opt")] + ["pypi" + ".org"]
    content = path.read_bytes()
    assert not [word for word in machine if word.encode() in content]


def test_wheel_holds_two_packages():
    """The wheel holds the two packages and nothing else."""
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["server/foretype_server", "model/foretype_model"]
    assert all(
        inside.startswith("foretype_server/editor-clients/")
        for inside in wheel["force-include"].values()
    )
    # The hook adds the compiled kernels, each beside its source, and nothing else.
    assert wheel["hooks"] == {"custom": {"path": "hatch_build.py"}}
    folders = re.findall(r'"(model/[\w/]+)"', (ROOT / "hatch_build.py").read_text("utf-8"))
    assert folders == [
        "model/foretype_model/predictors/network/kernel",
        "model/foretype_model/predictors/ngrams/kernel",
        "model/foretype_model/predictors/mixer_kernel",
        "model/foretype_model/training/kernel",
    ]


@pytest.mark.parametrize(
    ("folder", "packages"),
    [("model", {"foretype_model", "default_model"}), ("server", {"foretype_server"})],
)
def test_no_other_package_is_importable(folder, packages):
    """Nothing importable stands beside the packages."""
    beside = {path.name for path in (ROOT / folder).iterdir() if path.name != "__pycache__"}
    assert beside == packages


@each(within(MODEL, SERVER))
def test_wheel_imports_no_tools(path):
    """No package of the wheel imports the maintainers' tools."""
    assert "default_model" not in packages(path)


@each(SOURCES)
def test_imports_are_dependencies(path):
    """Every imported package is a dependency of its room."""
    extras = [
        needs(extra) for room, some in EXTRAS.items() if path.is_relative_to(room) for extra in some
    ]
    installed = needs("dependencies").union(*extras)
    known = {name.replace("-", "_") for name in installed} | {
        "foretype_model",
        "foretype_server",
        "default_model",
    }
    undeclared = packages(path) - known - sys.stdlib_module_names
    assert not undeclared


def test_serving_installs_no_torch():
    """The dependencies of serving do not contain torch."""
    assert not needs("dependencies") & {"torch", "onnx", "safetensors"}


def test_dependencies_have_reasons():
    """CONTRIBUTING.md gives a reason for each dependency."""
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = needs("dependencies").union(*map(needs, PYPROJECT["project"]["optional-dependencies"]))
    assert not [name for name in names if f"`{name}`" not in reasons]
