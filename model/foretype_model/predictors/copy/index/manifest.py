"""What is kept on disk of a workspace beside its shards: which file is in which of them."""

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
MANIFEST_FORMAT: Final = 3
"""The version of the manifest's layout, and of what is masked in the shards; another one is as good
as none.
"""

_SEGMENT_NAME: Final = re.compile(r"([0-9a-f]{16}\.shard)?")


class Entry(NamedTuple):
    """A file that is indexed: its stamp then, the SHA-256 of its text, the file name of the shard
    it is in.
    """

    stamp: Stamp
    sha256: str
    segment: str


class SkippedEntry(NamedTuple):
    """A file that was read and not indexed, and why."""

    stamp: Stamp
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The state of one index.

    Attributes:
        files: what is indexed, by the files' names: absolute paths without links.
        left_out: what was read and is not indexed.
        skipped: how many files and folders were left out when all were last looked at, by reason.
        large: file name of the shard of what seldom changes; empty where there is none.
        young: the same, of what has changed since.
        purged: the digest of the list of what is forgotten when nothing of it was left in the
            shards.
    """

    files: Mapping[str, Entry] = field(default_factory=dict)
    left_out: Mapping[str, SkippedEntry] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    large: str = ""
    young: str = ""
    purged: str = ""

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in a folder; an empty one where there is none, or none that can be used."""
        try:
            return cls._of(json.loads((folder / MANIFEST_FILE).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()

    @classmethod
    def _of(cls, values: Any) -> Manifest:
        large, young, files = values["large"], values["young"], values["files"]
        if values["format"] != MANIFEST_FORMAT or not (
            _SEGMENT_NAME.fullmatch(large) and _SEGMENT_NAME.fullmatch(young)
        ):
            raise ValueError("foreign")
        return cls(
            {name: Entry(_stamp(stamp), str(sha256), str(segment)) for name,
            (stamp, sha256, segment) in files.items()},
            {name: SkippedEntry(_stamp(stamp), str(reason)) for name,
            (stamp, reason) in values["left_out"].items()},
            {reason: int(count) for reason, count in values["skipped"].items()},
            large,
            young,
            str(values.get("purged", "")),
        )  # fmt: skip

    def write(self, folder: Path) -> None:
        """Take the place of the manifest in a folder."""
        values = {
            "format": MANIFEST_FORMAT,
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
        }
        with atomic_write(folder / MANIFEST_FILE) as partial:
            partial.write_text(json.dumps(values), "utf-8")

    def segments(self) -> tuple[str, ...]:
        """The file names of the shards there are."""
        return tuple(name for name in (self.large, self.young) if name)


def _stamp(values: Any) -> Stamp:
    mtime_ns, size = values
    return Stamp(int(mtime_ns), int(size))
