"""The forget list: files, folders and words that the user never wants offered again.

One list serves all workspaces. It lies in the folder above their indexes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from foretype_model.errors import ForetypeError, WorkspaceError
from foretype_model.files.atomic import atomic_write, private_folder
from foretype_model.files.lock import FolderLockedError, exclusive
from foretype_model.files.stamp import Stamp
from foretype_model.text.encodable import is_encodable

FORGET_LIST_FILE: Final = "forgotten.json"


@dataclass(frozen=True)
class ForgetList:
    """Files, folders and words that are never offered.

    Attributes:
        paths: files and folders; absolute paths without links.
        words: words or phrases.
    """

    paths: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> ForgetList:
        """Return the list in `folder`, merged with the lists of an earlier release, which lie in
        the indexes below.

        Raises:
            WorkspaceError: a list cannot be read, so that nothing may be learnt.
        """
        if _lists_below(folder):
            # If the merged list cannot be written, the lists are merged at each reading.
            with suppress(OSError, FolderLockedError):
                return cls._change(folder, lambda forget_list: forget_list)
        return cls._read_all(folder)

    @classmethod
    def change(cls, folder: Path, how: Callable[[ForgetList], ForgetList]) -> ForgetList:
        """Replace the list in `folder` by `how(list)`, and return the new one.

        The folder is locked meanwhile, so that no change of another process is lost.

        Raises:
            WorkspaceError: the list cannot be read or written, and has not changed.
            FolderLockedError: another process has kept the folder locked.
        """
        try:
            return cls._change(folder, how)
        except OSError as error:
            raise WorkspaceError(
                f"cannot keep the forget list in {folder} "
                f"({error.strerror or type(error).__name__}): "
                "make room there, and forget again"
            ) from None

    @classmethod
    def _change(cls, folder: Path, how: Callable[[ForgetList], ForgetList]) -> ForgetList:
        private_folder(folder)
        with exclusive(folder):
            below, listed = _lists_below(folder), _read(folder / FORGET_LIST_FILE)
            after = how(cls._read_all(folder))
            if after != listed:
                after.write(folder)
            for path in below:
                # The list contains it by now, so it may also stay.
                with suppress(OSError):
                    path.unlink()
            return after

    @classmethod
    def _read_all(cls, folder: Path) -> ForgetList:
        # The list is read last: it then contains the lists below that another process has merged
        # and removed meanwhile.
        below = [_read(path) for path in _lists_below(folder)]
        return reduce(cls.merged_with, below, _read(folder / FORGET_LIST_FILE))

    def write(self, folder: Path) -> None:
        """Write this list into `folder`, in place of the list there."""
        with atomic_write(folder / FORGET_LIST_FILE) as partial:
            partial.write_text(json.dumps(asdict(self)), "utf-8")

    def covers(self, name: str) -> bool:
        """Return whether a file, or a folder above it, is on the list."""
        return is_covered(name, self.paths)

    def encoded_words(self) -> tuple[bytes, ...]:
        """Return the words in UTF-8."""
        return tuple(word.encode() for word in self.words)

    def digest(self) -> str:
        """Return a SHA-256 of the list in hexadecimal, or "" for the empty list."""
        return (
            sha256(json.dumps(asdict(self)).encode()).hexdigest()
            if self.paths or self.words
            else ""
        )

    def with_path(self, path: str) -> ForgetList:
        """Return the list with a path more."""
        return self.merged_with(ForgetList(paths=(path,)))

    def with_word(self, word: str) -> ForgetList:
        """Return the list with a word more.

        Raises:
            ForetypeError: no text can contain the word.
        """
        if not is_valid_word(word):
            raise ForetypeError(
                "no text can contain the word, so there is nothing to forget: give one in UTF-8"
            )
        return self.merged_with(ForgetList(words=(word,)))

    def merged_with(self, other: ForgetList) -> ForgetList:
        """Return both lists as one, without duplicates."""
        return ForgetList(
            tuple(dict.fromkeys((*self.paths, *other.paths))),
            tuple(dict.fromkeys((*self.words, *other.words))),
        )


class LiveForgetList:
    """The present list in a folder, also after another process has changed it.

    A call compares the file's time and size, and reads the file only if they have changed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: Stamp | None = None
        self._list: ForgetList | None = None

    def __call__(self) -> ForgetList | None:
        """Return the list, or None while it cannot be read."""
        stamp = Stamp.of(os.path.join(self._folder, FORGET_LIST_FILE))  # noqa: PTH118 (called at each key, and a Path is slower)
        if self._list is None or stamp != self._stamp:
            self._stamp, self._list = stamp, None
            with suppress(WorkspaceError):
                self._list = ForgetList.read(self._folder)
        return self._list


def is_covered(name: str, paths: Collection[str]) -> bool:
    """Return whether an absolute path, or a folder above it, is in `paths`."""
    while name not in paths:
        above = os.path.dirname(name)  # noqa: PTH120 (called for thousands of files, and a Path is slow)
        if above == name:
            return False
        name = above
    return True


def is_valid_word(word: str) -> bool:
    """Return whether a text can contain a word, and it is not blank."""
    return is_encodable(word) and bool(word.encode().strip())


def _lists_below(folder: Path) -> list[Path]:
    with suppress(OSError):  # the folder may not be readable
        return sorted(folder.glob(f"*/{FORGET_LIST_FILE}"))
    return []


def _read(path: Path) -> ForgetList:
    try:
        values = json.loads(path.read_bytes())
        paths, words = _strings(values["paths"]), _strings(values["words"])
    except (FileNotFoundError, NotADirectoryError):
        return ForgetList()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise WorkspaceError(
            f"cannot read the forget list, so nothing is learnt: mend or remove {path} "
            f"({type(error).__name__})"
        ) from None
    # A word that no text can contain would raise an error at each search for it.
    return ForgetList(paths, tuple(filter(is_valid_word, words)))


def _strings(values: Any) -> tuple[str, ...]:
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return tuple(values)
    raise TypeError("not a list of strings")
