"""What the user wants never to be offered again: one list for all workspaces, which lies above
their indexes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from foretype_model.errors import ForetypeError, WorkspaceError
from foretype_model.files.atomic import atomic_write, private_folder
from foretype_model.files.lock import exclusive
from foretype_model.files.stamp import Stamp

FORGET_LIST_FILE: Final = "forgotten.json"


@dataclass(frozen=True)
class ForgetList:
    """A list of what is never to be offered again.

    Attributes:
        paths: of files and folders, absolute and without links.
    """

    paths: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> ForgetList:
        """The list in a folder; those that an earlier release has left in the indexes below become
        part of it.

        Raises:
            WorkspaceError: it cannot be told what is forgotten, so that nothing may be learnt.
        """
        if _lists_below(folder):
            with suppress(OSError):  # where it cannot be written, it is read from there each time
                return cls._change(folder, lambda forget_list: forget_list)
        return cls._read_all(folder)

    @classmethod
    def change(cls, folder: Path, how: Callable[[ForgetList], ForgetList]) -> ForgetList:
        """Put what `how` makes of it in the place of the list in a folder; no other process does so
        meanwhile.

        Raises:
            WorkspaceError: as `read` does, or it cannot be written; it is what it was.
        """
        try:
            return cls._change(folder, how)
        except OSError as error:
            raise WorkspaceError(
                f"cannot keep in {folder} what is to be forgotten "
                f"({error.strerror or type(error).__name__}): "
                "make room there, and forget it again"
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
                with suppress(
                    OSError
                ):  # it is a part of the list by now, and no harm where it stays
                    path.unlink()
            return after

    @classmethod
    def _read_all(cls, folder: Path) -> ForgetList:
        # The list comes last: what another process takes out of those below meanwhile is in it by
        # then.
        below = [_read(path) for path in _lists_below(folder)]
        return reduce(cls.merged_with, below, _read(folder / FORGET_LIST_FILE))

    def write(self, folder: Path) -> None:
        """Take the place of the list in a folder."""
        with atomic_write(folder / FORGET_LIST_FILE) as partial:
            partial.write_text(json.dumps(asdict(self)), "utf-8")

    def covers(self, name: str) -> bool:
        """Whether a file is forgotten, by itself or with a folder above it."""
        return is_covered(name, self.paths)

    def encoded_words(self) -> tuple[bytes, ...]:
        """The words, in UTF-8."""
        return tuple(word.encode() for word in self.words)

    def digest(self) -> str:
        """Another one for each list; "" of the empty one."""
        return (
            sha256(json.dumps(asdict(self)).encode()).hexdigest()
            if self.paths or self.words
            else ""
        )

    def with_path(self, path: str) -> ForgetList:
        return self.merged_with(ForgetList(paths=(path,)))

    def without_path(self, path: str) -> ForgetList:
        return replace(self, paths=tuple(known for known in self.paths if known != path))

    def with_word(self, word: str) -> ForgetList:
        """The list with a word more.

        Raises:
            ForetypeError: it can stand in no text.
        """
        if not is_valid_word(word):
            raise ForetypeError(
                "the word can stand in no text, so there is nothing to forget: give one in UTF-8"
            )
        return self.merged_with(ForgetList(words=(word,)))

    def merged_with(self, other: ForgetList) -> ForgetList:
        """Both lists as one, each entry once."""
        return ForgetList(
            tuple(dict.fromkeys((*self.paths, *other.paths))),
            tuple(dict.fromkeys((*self.words, *other.words))),
        )


class LiveForgetList:
    """The list in a folder as it is at any moment, whoever changes it; to ask again takes a look at
    the file's time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: Stamp | None = None
        self._list: ForgetList | None = None

    def __call__(self) -> ForgetList | None:
        """The list; None while that cannot be read."""
        stamp = Stamp.of(os.path.join(self._folder, FORGET_LIST_FILE))  # noqa: PTH118 (at each key, and a Path takes longer)
        if self._list is None or stamp != self._stamp:
            self._stamp, self._list = stamp, None
            with suppress(WorkspaceError):
                self._list = ForgetList.read(self._folder)
        return self._list


def is_covered(name: str, paths: Collection[str]) -> bool:
    """Whether an absolute path, or a folder above it, is among `paths`."""
    while name not in paths:
        above = os.path.dirname(name)  # noqa: PTH120 (for each of thousands of files, and a Path is slow)
        if above == name:
            return False
        name = above
    return True


def is_valid_word(word: str) -> bool:
    """Whether a word is anything at all, and all of it characters: half of a surrogate pair is
    none.
    """
    try:
        return bool(word.encode().strip())
    except UnicodeEncodeError:
        return False


def _lists_below(folder: Path) -> list[Path]:
    with suppress(OSError):  # it may not be looked at
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
            f"cannot read what is to be forgotten, so nothing is learnt: mend or remove {path} "
            f"({type(error).__name__})"
        ) from None
    # A word that can stand in no text is as good as none; it would be an error wherever it is
    # looked for.
    return ForgetList(paths, tuple(filter(is_valid_word, words)))


def _strings(values: Any) -> tuple[str, ...]:
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return tuple(values)
    raise TypeError("a list of texts is wanted")
