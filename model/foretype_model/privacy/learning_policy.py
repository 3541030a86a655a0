"""Which open documents may be learnt from. Answers are given in the others, too, from what is known
already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from foretype_model.files.gitignore import IgnoreRules
from foretype_model.files.uris import real_path, uri_to_path
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.privacy.secret_scanner import is_secret_document


class LearningPolicy:
    """Given for all but files of keys and passwords, what is forgotten, and what the settings
    exclude.

    What ``.gitignore`` names is kept out of an index, and may be learnt from as it is typed. To ask
    costs nothing: each document is looked at once, and again when more is forgotten.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        exclude: Sequence[str] = (),
        forget_list: Callable[[], ForgetList | None] = ForgetList,
    ) -> None:
        """`exclude` has patterns, as in a ``.gitignore`` in each of the `folders`.

        `forget_list` tells what is, at any moment; while it is None, nothing may be learnt.
        """
        named = dict.fromkeys(name for folder in folders for name in _names(folder))
        self._excluded = [IgnoreRules.of(name, exclude) for name in named] if exclude else []
        self._forget_list = forget_list
        self._last_list = ForgetList()
        self._allowed: dict[str, bool] = {}

    def allows(self, uri: str) -> bool:
        """Whether `uri`, a URI, may be learnt from."""
        forget_list = self._forget_list()
        if forget_list is None:
            return False
        if forget_list.paths != self._last_list.paths:
            self._allowed = {}
        self._last_list = forget_list
        if uri not in self._allowed:
            self._allowed[uri] = self._decide(uri)
        return self._allowed[uri]

    def words(self) -> tuple[bytes, ...]:
        """Those that may not be learnt in any document, as of the last time that it was asked about
        one.
        """
        return self._last_list.encoded_words()

    def _decide(self, uri: str) -> bool:
        if is_secret_document(uri):
            return False
        path = uri_to_path(uri)
        if path is None:
            return True
        names = _names(path)
        return not (self._last_list.covers(names[-1]) or any(map(self._is_excluded, names)))

    def _is_excluded(self, name: str) -> bool:
        """By each folder that the file is in, as it would be indexed otherwise."""
        rules = [rules for rules in self._excluded if Path(name).is_relative_to(rules.folder)]
        return bool(rules) and all(one.ignores(name) for one in rules)


def _names(path: str | Path) -> tuple[str, str]:
    """What an editor calls it, and what it is called without links: patterns may speak of
    either.
    """
    return os.path.abspath(path), real_path(path)  # noqa: PTH100 (a Path would resolve links, too)
