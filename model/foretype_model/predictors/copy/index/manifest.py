"""The manifest of an index on disk: the files that are indexed, and the segment of each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from foretype_model.files.atomic import atomic_write
from foretype_model.files.stamp import Stamp

MANIFEST_FILE: Final = "manifest.json"
SEGMENT_SUFFIX: Final = ".shard"
MANIFEST_FORMAT: Final = 5
"""Version of the manifest's layout and of the masking in the segments; others are not read."""

_SEGMENT_NAME: Final = re.compile(r"([0-9a-f]{16}\.shard)?")


class Entry(NamedTuple):
    """An indexed file.

    Attributes:
        stamp: of the file when it was read.
        sha256: of its text, in hexadecimal.
        segment: file name of the segment that holds the text.
    """

    stamp: Stamp
    sha256: str
    segment: str


class SkippedEntry(NamedTuple):
    """A file that was read and is not indexed, with the reason."""

    stamp: Stamp
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The state of one index.

    Attributes:
        files: the indexed files, by absolute path without links.
        skipped_files: the files that were read and are not indexed.
        skipped: the number of skipped files and folders at the last full scan, by reason.
        base: file name of the segment of files that seldom change, or "".
        delta: file name of the segment of files that have changed since, or "".
        compacted: digest of the forget list when the segments were last free of forgotten text.
    """

    files: Mapping[str, Entry] = field(default_factory=dict)
    skipped_files: Mapping[str, SkippedEntry] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    base: str = ""
    delta: str = ""
    compacted: str = ""

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest in a folder; an empty one if it is missing, damaged or foreign."""
        try:
            return cls._of(json.loads((folder / MANIFEST_FILE).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()

    @classmethod
    def _of(cls, values: Any) -> Manifest:
        base, delta = values["base"], values["delta"]
        if values["format"] != MANIFEST_FORMAT or not (
            _SEGMENT_NAME.fullmatch(base) and _SEGMENT_NAME.fullmatch(delta)
        ):
            raise ValueError("foreign")
        return cls(
            {
                name: Entry(_stamp(stamp), str(sha256), str(segment))
                for name, (stamp, sha256, segment) in values["files"].items()
            },
            {
                name: SkippedEntry(_stamp(stamp), str(reason))
                for name, (stamp, reason) in values["skipped_files"].items()
            },
            {reason: int(count) for reason, count in values["skipped"].items()},
            base,
            delta,
            str(values["compacted"]),
        )

    def write(self, folder: Path) -> None:
        """Replace the manifest in a folder."""
        values = {
            "format": MANIFEST_FORMAT,
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
        }
        with atomic_write(folder / MANIFEST_FILE) as partial:
            partial.write_text(json.dumps(values), "utf-8")

    def segments(self) -> tuple[str, ...]:
        """Return the file names of the segments that exist."""
        return tuple(name for name in (self.base, self.delta) if name)


def _stamp(values: Any) -> Stamp:
    mtime_ns, size = values
    return Stamp(int(mtime_ns), int(size))
