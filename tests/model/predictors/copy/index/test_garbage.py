"""The files that an update removes from the folder of an index, and those that it leaves."""

from __future__ import annotations

import json

import pytest

from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest

GARBAGE = {
    "0123456789abcdef.shard",
    "another.shard",
    ".0123456789abcdef.shard.a1b2c3d4",
    ".manifest.json.a1b2c3d4",
}
FOREIGN = {
    "notes.txt",
    "0123456789abcdef.shard.txt",
    "shard",
    ".shards",
    "manifest.json.a1b2c3d4",
    ".manifest.json",
    ".manifestxjson.a1b2c3d4",
    ".0123456789abcdefxshard.a1b2c3d4",
    ".lock.a1b2c3d4",
}


def test_only_garbage_is_removed(place):
    """An update removes segments that it does not use and the remains of writes, and nothing else
    that lies in the folder.
    """
    place.write("a.txt", "one\n")
    place.renew()
    used = {path.name for path in place.index.iterdir()}
    for name in GARBAGE | FOREIGN:
        (place.index / name).write_text("left by another program")
    workspace = place.renew()
    assert {path.name for path in place.index.iterdir()} == used | FOREIGN
    assert place.content(workspace) == {"a.txt": b"one\n"}


def test_folder_among_garbage_stays(place):
    """A folder with the name of a segment cannot be removed, and stops no update."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / "another.shard").mkdir()
    assert place.content(place.renew()) == {"a.txt": b"one\n"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 4),
        ("format", 6),
        ("format", None),
        ("base", "../0123456789abcdef.shard"),
        ("base", "0123456789abcdef.shard/"),
        ("base", "0123456789abcde.shard"),
        ("base", "0123456789abcdef.text"),
        ("delta", "0123456789ABCDEF.shard"),
        ("delta", None),
        ("files", []),
        ("files", {"/a": [[1], "", ""]}),
        ("files", {"/a": [[1, 2], ""]}),
        ("files", {"/a": [["one", 2], "", ""]}),
        ("skipped_files", {"/a": [1, 2]}),
        ("skipped", {"reason": "many"}),
        ("compacted", ...),
    ],
)
def test_foreign_manifest_is_empty(place, name, value):
    """A manifest of another release, or with a damaged value, counts as none: it names no file to
    open outside the folder.
    """
    place.write("a.txt", "one\n")
    place.renew()
    whole = Manifest.read(place.index)
    assert list(whole.files) == [str(place.folder / "a.txt")]
    values = json.loads((place.index / MANIFEST_FILE).read_text())
    values.pop(name)
    if value is not ...:
        values[name] = value
    (place.index / MANIFEST_FILE).write_text(json.dumps(values))
    assert Manifest.read(place.index) == Manifest()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_broken_manifest_is_empty(tmp_path, content):
    """A manifest that is no JSON of its kind, or missing, counts as an empty one."""
    assert Manifest.read(tmp_path) == Manifest()
    (tmp_path / MANIFEST_FILE).write_bytes(content)
    assert Manifest.read(tmp_path) == Manifest()


def test_written_manifest_is_read(place):
    """A manifest is read as it was written, with the files that were skipped."""
    place.write("a.txt", "one\n")
    place.write("b.txt", "")
    place.renew()
    manifest = Manifest.read(place.index)
    assert [entry.reason for entry in manifest.skipped_files.values()] == ["empty"]
    assert manifest.segments() == (manifest.base or manifest.delta,)
    manifest.write(place.index)
    assert Manifest.read(place.index) == manifest
