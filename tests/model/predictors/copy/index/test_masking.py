"""An index on disk and in use: what it logs and counts, what it masks, and when it is rebuilt."""

from __future__ import annotations

import pytest

from foretype_model.predictors.copy.index import update, workspace
from foretype_model.predictors.copy.index.erase import contains_word
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_model.privacy.forget_list import FORGET_LIST_FILE, ForgetList


@pytest.fixture
def damaged(place):
    """An index whose last text has another byte than was written: its rows tell nothing of it."""
    place.write("a.txt", "one two\n")
    place.write("b.txt", "three\n")
    place.renew()
    (segment,) = place.index.glob("*.shard")
    content = segment.read_bytes()
    segment.write_bytes(content[:-5] + b"?" + content[-4:])
    return place


def test_damaged_positions_mask_nothing(damaged):
    """Where the positions are damaged, forgetting gives up the segment, and the next update makes
    it again: masks would lie on other text.
    """
    used = damaged.workspace()
    assert len(used.open()) == 1
    used.forget(damaged.folder / "a.txt")
    assert used.segments == ()
    (damaged.index.parent / FORGET_LIST_FILE).unlink()
    again = damaged.workspace()
    assert len(again.open()) == 1
    again.forget_word("two")
    assert again.segments == ()
    assert damaged.content(damaged.renew()) == {"a.txt": b"one \xfe\xfe\xfe\n", "b.txt": b"three\n"}


def test_later_words_count_alone(place):
    """A forgotten word counts by itself, not with those that were forgotten before."""
    place.write("a.txt", "one two one two two\n")
    place.write("b.txt", "three\n")
    used = place.renew()
    assert used.forget_word("one").occurrences == 2
    assert used.forget_word("two").occurrences == 3
    assert used.forget(place.folder / "b.txt").size == 6
    assert used.forget_word("three").occurrences == 0


def test_broken_segments_are_logged(place, caplog):
    """Each broken segment is named once in the log; a whole index is opened without a word."""
    place.write("a.txt", "one\n")
    place.renew()
    assert caplog.messages == []
    (segment,) = place.segments()
    (place.index / segment).write_bytes(b"")
    place.workspace().open()
    assert caplog.messages == [f"rebuilding broken segments {segment} in {place.index}"]


def test_small_index_opens_at_once(place, monkeypatch):
    """An index of few files is small, as is one that is not there yet; one of many is not."""
    assert place.workspace().is_small()
    place.write("a.txt", "one\n")
    used = place.renew()
    size = (place.index / "manifest.json").stat().st_size
    monkeypatch.setattr(workspace, "MAX_SMALL_MANIFEST_BYTES", size)
    assert used.is_small()
    monkeypatch.setattr(workspace, "MAX_SMALL_MANIFEST_BYTES", size - 1)
    assert not used.is_small()


# What an update writes


def test_each_file_is_reported(place):
    """The update reports each file before it is read, and all of them at its end."""
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, name)
    place.index.mkdir()
    seen = []
    request = Request([str(place.folder)], str(place.index), (), None)
    IndexUpdate(request, lambda *progress: seen.append(progress)).run()
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_full_scan_keeps_base(place, tiers):
    """A full scan that finds the files of the base as they are keeps its segment."""
    for name in ("a.txt", "b.txt"):
        place.write(name, f"the text of {name} " * 6)
    place.renew()
    before = place.segments()
    place.renew()
    assert place.segments() == before
    place.write("c.txt", "new")
    place.renew()
    assert before[0] in place.segments()


def test_removed_text_leaves_delta(place):
    """The text of a deleted file leaves a delta segment, too."""
    place.write("a.txt", "the text of a")
    gone = place.write("b.txt", "the text of b")
    place.renew()
    gone.unlink()
    place.renew(gone, everything=False)
    assert b"text of a" in place.on_disk()
    assert b"text of b" not in place.on_disk()


def test_leftovers_go_before_writing(place, monkeypatch):
    """Leftovers of a killed update are removed first: they may be what fills the disk."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / "0123456789abcdef.shard").touch()
    monkeypatch.setattr(FMIndex, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        place.renew()
    assert place.segments() == []


@pytest.mark.parametrize(("size", "files"), [(8, 3), (7, 2), (4, 1), (3, 0)])
def test_total_may_be_reached(place, monkeypatch, size, files):
    """As many bytes are indexed as the limit says, and not one more."""
    monkeypatch.setattr(update, "MAX_TOTAL_BYTES", size)
    for name in ("one", "two", "1234"):
        place.write(f"{name}.txt", name[:2] if name != "1234" else name)
    assert len(place.content(place.renew())) == files


def test_listed_word_leaves_the_disk(place):
    """A word that another process put on the forget list leaves the disk at the next update, though
    no file has changed.
    """
    place.write("a.txt", "one heron\n")
    place.renew()
    (segment,) = place.index.glob("*.shard")
    assert contains_word(FMIndex.open(segment), b"heron")
    ForgetList.change(place.index.parent, lambda forgotten: forgotten.with_word("heron"))
    place.workspace().refresh()
    for segment in place.index.glob("*.shard"):
        assert not contains_word(FMIndex.open(segment), b"heron")
