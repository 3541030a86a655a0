"""The file of a segment: its checksums, how its parts are aligned, and the bounds of caches."""

from __future__ import annotations

import zlib

import pytest

from foretype_model.predictors.copy.index import fm_index, segment_file
from foretype_model.predictors.copy.index.fm_index import FMIndex


def test_checksum_is_crc_32_of_all():
    """The checksum of some parts is the CRC-32 of their bytes, so that older files stay whole."""
    assert segment_file.checksum(b"ab", memoryview(b"c")) == zlib.crc32(b"abc")


@pytest.mark.parametrize("length", range(1, 9))
def test_mapped_numbers_are_aligned(tmp_path, length):
    """The suffix array is aligned in the file, whatever the length of the head: unaligned numbers
    are slow on some processors, and an error on others.
    """
    FMIndex.build([("a" * length, b"one\n")]).save(tmp_path / "file")
    assert FMIndex.open(tmp_path / "file").suffix_array.ctypes.data % 8 == 0


def test_caches_are_used_and_bounded(monkeypatch):
    """Steps and shares are computed once, and a full cache begins anew."""
    monkeypatch.setattr(fm_index, "MAX_CACHED_STEPS", 2)
    monkeypatch.setattr(fm_index, "MAX_CACHED_SHARES", 2)
    segment = FMIndex.build([("a", b"abcd" * 999)])
    kept = []
    for byte in b"aabcc":
        rows = segment.step(segment.start(), byte)[1][-1]
        assert segment.shares(*rows[1:]).total == 999 - (byte == ord("d"))
        kept.append((len(segment.step_cache), len(segment.shares_cache)))
    assert kept == [(1, 1), (1, 1), (2, 2), (1, 1), (1, 1)]


def test_damaged_text_is_not_intact(tmp_path):
    """A change of a byte of the mapped text shows in the checksum alone."""
    whole = FMIndex.build([("a", b"one two three\n")])
    assert whole.is_intact
    whole.save(tmp_path / "file")
    assert FMIndex.open(tmp_path / "file").is_intact
    content = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(content[:-5] + b"?" + content[-4:])
    assert not FMIndex.open(tmp_path / "file").is_intact
