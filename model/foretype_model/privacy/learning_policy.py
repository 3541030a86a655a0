"""Which open documents may be learnt from. Answers are given in the others, too, from what is known
already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from foretype_model.files.gitignore import Rules
from foretype_model.files.uris import path_of, real_path
from foretype_model.privacy.forget_list import Forgotten
from foretype_model.privacy.secret_scanner import is_private


class Consent:
    """Given for all but files of keys and passwords, what is forgotten, and what the settings
    exclude.

    What ``.gitignore`` names is kept out of an index, and may be learnt from as it is typed. To ask
    costs nothing: each document is looked at once, and again when more is forgotten.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        exclude: Sequence[str] = (),
        forgotten: Callable[[], Forgotten | None] = Forgotten,
    ) -> None:
        """`exclude` has patterns, as in a ``.gitignore`` in each of the `folders`.

        `forgotten` tells what is, at any moment; while it is None, nothing may be learnt.
        """
        named = dict.fromkeys(name for folder in folders for name in _names(folder))
        self._excluded = [Rules.of(name, exclude) for name in named] if exclude else []
        self._forgotten = forgotten
        self._heeded = Forgotten()
        self._given: dict[str, bool] = {}

    def given(self, document: str) -> bool:
        """Whether `document`, a URI, may be learnt from."""
        forgotten = self._forgotten()
        if forgotten is None:
            return False
        if forgotten.paths != self._heeded.paths:
            self._given = {}
        self._heeded = forgotten
        if document not in self._given:
            self._given[document] = self._is_given(document)
        return self._given[document]

    def words(self) -> tuple[bytes, ...]:
        """Those that may not be learnt in any document, as of the last time that it was asked about
        one.
        """
        return self._heeded.in_bytes()

    def _is_given(self, document: str) -> bool:
        if is_private(document):
            return False
        path = path_of(document)
        if path is None:
            return True
        names = _names(path)
        return not (self._heeded.covers(names[-1]) or any(map(self._is_excluded, names)))

    def _is_excluded(self, name: str) -> bool:
        """By each folder that the file is in, as it would be indexed otherwise."""
        rules = [rules for rules in self._excluded if Path(name).is_relative_to(rules.folder)]
        return bool(rules) and all(one.ignores(name) for one in rules)


def _names(path: str | Path) -> tuple[str, str]:
    """What an editor calls it, and what it is called without links: patterns may speak of
    either.
    """
    return os.path.abspath(path), real_path(path)  # noqa: PTH100 (a Path would resolve links, too)
