"""Decides which open documents may be learnt from. The others are completed without learning."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from foretype_model.files.gitignore import IgnoreRules
from foretype_model.files.uris import real_path, unsaved_name, uri_to_path
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.privacy.secret_scanner import is_secret_document


class LearningPolicy:
    """Allows to learn from all documents but files of keys and passwords, those on the forget list,
    and those that the settings exclude.

    A file that ``.gitignore`` names is kept out of an index, but may be learnt from as it is typed.
    An answer costs nothing: each document is decided once, and again if the forget list changes.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        exclude: Sequence[str] = (),
        forget_list: Callable[[], ForgetList | None] = ForgetList,
    ) -> None:
        """Make a policy for a workspace.

        Args:
            folders: of the workspace.
            exclude: patterns, as in a ``.gitignore`` in each of the `folders`.
            forget_list: returns the present list; while it returns None, nothing may be learnt.
        """
        self._folders = [*folders]
        named = dict.fromkeys(name for folder in folders for name in _names(folder))
        self._excluded = [IgnoreRules.of(name, exclude) for name in named] if exclude else []
        self._forget_list = forget_list
        self._last_list = ForgetList()
        self._allowed: dict[str, bool] = {}

    def allows(self, uri: str) -> bool:
        """Return whether the document `uri` may be learnt from."""
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
        """Return the words that may not be learnt, in UTF-8, as of the last call of `allows`."""
        return self._last_list.encoded_words()

    def _decide(self, uri: str) -> bool:
        if is_secret_document(uri):
            return False
        return not any(map(self._is_forbidden, self._paths(uri)))

    def _paths(self, uri: str) -> list[Path]:
        """Return the path of a document; of one that is not saved yet, the paths that its name may
        stand for.
        """
        if path := uri_to_path(uri):
            return [Path(path)]
        name = unsaved_name(uri)
        return [folder / name for folder in self._folders] if name else []

    def _is_forbidden(self, path: Path) -> bool:
        names = _names(path)
        return self._last_list.covers(names[-1]) or any(map(self._is_excluded, names))

    def _is_excluded(self, name: str) -> bool:
        """Return whether each folder that contains the file excludes it; one of them would index it
        otherwise.
        """
        rules = [rules for rules in self._excluded if Path(name).is_relative_to(rules.folder)]
        return bool(rules) and all(one.ignores(name) for one in rules)


def _names(path: str | Path) -> tuple[str, str]:
    """Return the path as an editor names it, and the path without links: patterns may match
    either.
    """
    return os.path.abspath(path), real_path(path)  # noqa: PTH100 (a Path would resolve links, too)
