import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from foretype_model.errors import ModelError
from foretype_model.files.atomic import atomic_write
from foretype_model.store import store as store_module
from foretype_model.store.active import ActiveModels
from foretype_model.store.lineage import read_lineage
from foretype_model.store.store import Store, data_folder


@dataclass(frozen=True)
class FakeMetadata:
    name: str
    unit: str = "byte"


def read_fake_metadata(path: Path) -> FakeMetadata:
    try:
        text = path.read_text()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    if not text.startswith("model "):
        raise ModelError(f"{path} is no model")
    return FakeMetadata(text.removeprefix("model "))


@pytest.fixture(autouse=True)
def fake_models(monkeypatch, tmp_path):
    """Model files that are a line of text, so that the store is tested without a network."""
    runtime = ModuleType("foretype_model.predictors.network.runtime")
    runtime.read_metadata = runtime.check_model = read_fake_metadata
    monkeypatch.setitem(sys.modules, "foretype_model.predictors.network.runtime", runtime)
    monkeypatch.setattr(
        store_module, "BUNDLED", model(tmp_path / "bundled" / "default.onnx", "bundled")
    )


def model(path: Path, content: str = "mine") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"model {content}")
    return path


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "one.txt").write_text("one")
    return path


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data" / "models")


@pytest.fixture
def mine(store, tmp_path):
    """The name of a model in the store."""
    return store.import_file(model(tmp_path / "mine.onnx"))


def test_fresh_store_uses_bundled_model(store):
    """In a new store, the bundled model is active."""
    (default,) = store.list()
    assert (default.name, default.bundled, default.in_use) == ("default", True, True)
    assert default.metadata == FakeMetadata("bundled")
    assert store.find(None) == store.find("default") == store_module.BUNDLED


def test_importing_copies_the_file(store, tmp_path):
    """Importing copies a file, whose name gives the model's."""
    original = model(tmp_path / "Mine.onnx")
    assert store.import_file(original) == "mine"
    assert original.exists()
    assert store.find("mine").read_text() == "model mine"
    assert [(entry.name, entry.size) for entry in store.list()] == [("default", 13), ("mine", 10)]


def test_importing_no_model_fails(store, tmp_path):
    """A file that is no model is refused and not copied."""
    (tmp_path / "notes.onnx").write_text("notes")
    with pytest.raises(ModelError, match="is no model"):
        store.import_file(tmp_path / "notes.onnx")
    assert store.names() == ["default"]


@pytest.mark.parametrize("path", ["missing.onnx", "."])
def test_importing_no_file_fails(store, tmp_path, path):
    """A path that is no file is refused."""
    with pytest.raises(ModelError, match="there is no file"):
        store.import_file(tmp_path / path, "name")


def test_importing_replaces_nothing(store, mine, tmp_path):
    """Importing under a name that is taken is refused."""
    with pytest.raises(ModelError, match="mine already"):
        store.import_file(model(tmp_path / "other.onnx", "other"), mine)
    assert store.find(mine).read_text() == "model mine"


@pytest.mark.parametrize(
    "name", ["", "default", "../up", "a/b", ".hidden", "-rf", "Ä", "UPPER", "with space", "x" * 65]
)
def test_bad_name_is_refused(store, tmp_path, name):
    """A name that is not allowed is refused."""
    with pytest.raises(ModelError, match="cannot name a model"):
        store.import_file(model(tmp_path / "a.onnx"), name)
    with pytest.raises(ModelError, match="cannot name a model"):
        store.add(name, tmp_path / "a.onnx")
    assert store.names() == ["default"]


def test_adding_replaces_the_model(store, mine, tmp_path):
    """Adding moves a file, and replaces a model of the same name."""
    trained = model(tmp_path / "trained.onnx", "better")
    store.add(mine, trained)
    assert not trained.exists()
    assert store.find(mine).read_text() == "model better"


def test_active_model_is_kept(store, mine, tmp_path):
    """Another store of the same folder has the same active model."""
    store.use(mine)
    again = Store(tmp_path / "data" / "models")
    assert again.find(None) == store.find(mine)
    assert [entry.name for entry in again.list() if entry.in_use] == [mine]
    again.use("default")
    assert store.find(None) == store_module.BUNDLED


def test_nearest_path_decides(store, mine, tmp_path):
    """The model of the nearest path above a file completes it."""
    verse = store.import_file(model(tmp_path / "verse.onnx"))
    notes = folder(tmp_path / "notes")
    store.use(mine, [notes])
    store.use(verse, [folder(notes / "poems"), notes / "one.txt"])
    serving = {
        name: store.find(None, notes / name).stem for name in ("a.txt", "one.txt", "poems/b.txt")
    }
    assert serving == {"a.txt": "mine", "one.txt": "verse", "poems/b.txt": "verse"}
    elsewhere = (None, tmp_path / "notes.txt", tmp_path / "notes2" / "a.txt")
    assert {store.find(None, document) for document in elsewhere} == {store_module.BUNDLED}
    assert [list(entry.paths) for entry in store.list() if entry.name == mine] == [[str(notes)]]


def test_path_is_unassigned(store, mine, tmp_path):
    """A path loses its model if the model is replaced or removed, or another is assigned."""
    notes = folder(tmp_path / "notes")
    for give_up in (
        lambda: store.use("default", [notes]),
        lambda: store.add(mine, model(tmp_path / "new.onnx")),
    ):
        store.use(mine, [notes])
        assert store.find(None, notes / "a.txt").stem == mine
        give_up()
        assert store.find(None, notes / "a.txt") == store_module.BUNDLED
    store.use(mine, [notes])
    store.remove(mine)
    assert store.find(None, notes / "a.txt") == store_module.BUNDLED


def test_default_leaves_no_entry(store, mine, tmp_path):
    """Where the default model completes anyway, assigning it leaves nothing listed."""
    notes = folder(tmp_path / "notes")
    poems = folder(notes / "poems")
    store.use("default", [notes])
    assert store.in_use().paths == {}
    store.use(mine, [notes])
    store.use("default", [poems])
    assert store.in_use().paths == {str(notes): mine, str(poems): "default"}
    store.use("default", [poems, notes])
    assert store.in_use().paths == {}
    store.use(mine)
    store.use("default", [notes])
    assert store.in_use().paths == {str(notes): "default"}


def test_link_assigns_its_target(store, mine, tmp_path):
    """Assigning a model to a link assigns it to the target."""
    (tmp_path / "link").symlink_to(folder(tmp_path / "notes"))
    store.use(mine, [tmp_path / "link"])
    assert store.find(None, tmp_path / "notes" / "a.txt").stem == mine


def test_missing_path_is_refused(store, mine, tmp_path):
    """A missing path is refused, and nothing is assigned."""
    with pytest.raises(ModelError, match="no file or folder"):
        store.use(mine, [tmp_path / "nowhere"])
    assert store.in_use().paths == {}


def test_stamp_follows_active_models(store, mine, tmp_path):
    """The stamp changes with the active models."""
    stamps = [store.stamp()]
    for change in (
        lambda: store.use(mine),
        lambda: store.use(mine, [tmp_path]),
        lambda: store.remove(mine),
    ):
        change()
        stamps.append(store.stamp())
    assert len(set(stamps)) == len(stamps)


def test_removing_the_active_model(store, mine, tmp_path):
    """If the active model is removed, the default one takes its place for good."""
    store.use(mine)
    store.remove(mine)
    assert store.find(None) == store_module.BUNDLED
    store.import_file(tmp_path / "mine.onnx")
    assert store.find(None) == store_module.BUNDLED


def test_removing_another_model(store, mine, tmp_path):
    """Removing another model does not change the active one."""
    other = store.import_file(model(tmp_path / "other.onnx"))
    store.use(mine)
    store.remove(other)
    assert store.find(None) == store.find(mine)


def test_default_cannot_be_removed(store):
    """The default model cannot be removed."""
    with pytest.raises(ModelError, match="cannot be removed"):
        store.remove("default")
    assert store_module.BUNDLED.exists()


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"name": 3}',
        '{"name": []}',
        '{"name": "../../x"}',
        '{"paths": ["mine"]}',
        "\udcff",
    ],
)
def test_corrupt_record_means_default(store, mine, record):
    """With a corrupt record, the default model is active, and the record can be replaced."""
    in_use = store.find(mine).parent / store_module.ACTIVE_FILE
    in_use.write_text(record, errors="surrogateescape")
    assert store.find(None) == store_module.BUNDLED
    store.use(mine)
    assert store.find(None) == store.find(mine)


@pytest.mark.parametrize(
    "act", [Store.find, Store.use, Store.remove, lambda store, name: store.export(name, Path("x"))]
)
def test_unknown_name_lists_known_ones(store, mine, act):
    """The error about an unknown name lists the known ones, in one line."""
    with pytest.raises(ModelError, match=r"'nope'.*default, mine") as caught:
        act(store, "nope")
    assert "\n" not in str(caught.value)


def test_path_finds_a_model(store, tmp_path):
    """A model outside of the store is found by its path."""
    path = model(tmp_path / "elsewhere.onnx")
    assert store.find(str(path)) == path


@pytest.mark.parametrize("path", ["", ".", "\0", "~nobody-of-this-name/x.onnx", "x" * 5000])
def test_impossible_path_is_unknown(store, path):
    """A text that cannot be a path is an unknown model."""
    with pytest.raises(ModelError, match="no model or file"):
        store.find(path)


def test_broken_model_is_listed(store, mine):
    """A broken model is listed with its error."""
    store.find(mine).write_text("broken")
    broken = store.list()[1]
    assert broken.metadata is None
    assert "is no model" in broken.error


def test_foreign_files_are_ignored(store, mine):
    """Other files in the folder are no models."""
    folder = store.find(mine).parent
    for name in ("notes.txt", "Bad Name.onnx", "default.onnx", ".mine.onnx.x1"):
        model(folder / name)
    assert store.names() == ["default", mine]


def test_missing_bundled_model(store, monkeypatch, tmp_path):
    """Without the bundled model, the error says what to do."""
    monkeypatch.setattr(store_module, "BUNDLED", tmp_path / "missing.onnx")
    with pytest.raises(ModelError, match="name a model of your own"):
        store.find(None)
    with pytest.raises(ModelError):
        store.use("default")
    (default,) = store.list()
    assert (default.metadata, default.size) == (None, 0)
    assert "name a model of your own" in default.error


def test_exporting_copies_the_model(store, mine, tmp_path):
    """Exporting copies a model, also over a file."""
    store.export(mine, tmp_path / "out.onnx")
    store.export(mine, tmp_path / "out.onnx")
    assert (tmp_path / "out.onnx").read_text() == "model mine"
    store.export("default", tmp_path / "default.onnx")
    assert (tmp_path / "default.onnx").read_text() == "model bundled"


def test_exporting_to_folder_fails(store, mine, tmp_path):
    """Exporting to a folder, or into a missing one, is refused."""
    with pytest.raises(ModelError, match="is a folder"):
        store.export(mine, tmp_path)
    with pytest.raises(ModelError, match="is not a folder"):
        store.export(mine, tmp_path / "missing" / "out.onnx")


def test_files_are_private(store, mine):
    """Only the user can read the files of the store."""
    store.use(mine)
    folder = store.find(mine).parent
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "mine.onnx": 0o600,
        "in-use.json": 0o600,
        "lock": 0o600,
    }
    assert mode(folder) == mode(folder.parent) == 0o700


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_folder_can_be_moved(monkeypatch, tmp_path):
    """FORETYPE_HOME and the platform's variable move the data folder."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "elsewhere"))
    assert data_folder() == tmp_path / "elsewhere"
    monkeypatch.delenv("FORETYPE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert data_folder() == tmp_path / "xdg" / "foretype"


def test_failed_write_keeps_the_file(tmp_path):
    """A write that fails leaves the file as it was, and nothing beside it."""
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(RuntimeError), atomic_write(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bundled", "file"]


def test_nested_records_are_unreadable(tmp_path):
    """A record that is nested too deeply to be read counts as unreadable."""
    path = tmp_path / "record.json"
    path.write_text("[" * 100_000)
    assert ActiveModels.read(path, ["default"]) == ActiveModels()
    assert read_lineage(path) is None
