"""No predictor learns from an open document that is forgotten or excluded, but it is completed."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.files.discovery import Tree
from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy.predictor import CopyPredictor, create
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.privacy.forget_list import ForgetList, LiveForgetList
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.text.prose import NON_PROSE_PATTERNS

PATTERNS = st.lists(
    st.sampled_from(
        [
            "*",
            "!*/",
            "!*.md",
            "a/",
            "/b",
            "b/*",
            "!b/c.md",
            "*.txt",
            "a/**",
            "c.*",
            "!c.txt",
            "#",
            "[z",
        ]
    ),
    max_size=5,
)
PATHS = ["c.md", "c.txt", "a/c.md", "a/b/c.txt", "b/c.md", "b/c.txt", "b/a/c.md"]
LINE = b"dear diary, today I wept. "


class LearningRecorder(ScriptedPredictor):
    """A predictor that records the bytes to learn."""

    def __init__(self, *texts: str) -> None:
        super().__init__(list(texts))
        self.learnt = bytearray()

    def save(self) -> None: ...

    def learn(self, _state: bytes, following: int) -> None:
        self.learnt.append(following)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for name in PATHS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


@settings(deadline=None)
@given(patterns=PATTERNS)
def test_policy_excludes_as_index(tree, patterns):
    """The policy excludes exactly the files that an index leaves out."""
    indexed = set(Tree(tree, patterns).walk(Counter()))
    policy = LearningPolicy([tree], patterns)
    assert {name for name in PATHS if policy.allows((tree / name).as_uri())} == {
        name for name in PATHS if str(tree / name) in indexed
    }


def test_gitignored_file_is_learnt_from(tmp_path):
    """A file that .gitignore names may be learnt from as it is typed."""
    (tmp_path / ".gitignore").write_text("notes.txt\n")
    assert LearningPolicy([tmp_path], ["other"]).allows((tmp_path / "notes.txt").as_uri())


def test_patterns_cover_workspace_alone(tmp_path):
    """Patterns exclude no document outside of the workspace."""
    policy = LearningPolicy([tmp_path / "inside"], ["*"])
    assert not policy.allows((tmp_path / "inside" / "a.txt").as_uri())
    assert policy.allows((tmp_path / "insides" / "a.txt").as_uri())
    assert policy.allows("untitled:Untitled-1")
    assert policy.allows("")


def test_unsaved_file_follows_patterns(tmp_path):
    """A file that is not saved yet is excluded by the name that the user gave it."""
    policy = LearningPolicy([tmp_path], ["private/", "*.key"])
    for name in ("private/a.txt", "private/letters/a.txt", "a.key"):
        assert not policy.allows(f"untitled:{tmp_path}/{name}")
        assert not policy.allows(f"untitled:{name}")
    for name in ("public/a.txt", "Untitled-1"):
        assert policy.allows(f"untitled:{tmp_path}/{name}")
        assert policy.allows(f"untitled:{name}")


def test_version_in_git_follows_patterns(tmp_path):
    """A file's version in git is excluded as the file is."""
    policy = LearningPolicy([tmp_path], ["private/"])
    version = "?%7B%22ref%22%3A%22HEAD%22%7D"
    assert not policy.allows(f"git:{tmp_path}/private/a.txt{version}")
    assert policy.allows(f"git:{tmp_path}/public/a.txt{version}")


def test_forgotten_folder_covers_buffers(tmp_path):
    """Nothing is learnt from an unsaved file or a commit's message in a forgotten folder."""
    policy = LearningPolicy([tmp_path], forget_list=lambda: ForgetList((str(tmp_path / "lab"),)))
    root = quote(quote((tmp_path / "lab").as_uri(), safe=""), safe="")
    for uri in (f"untitled:{tmp_path}/lab/a.txt", f"vscode-scm:git/scm0/input?rootUri%3D{root}"):
        assert not policy.allows(uri)
    assert policy.allows(f"untitled:{tmp_path}/a.txt")


def test_only_prose_for_writers(tmp_path):
    """With the patterns for prose, only prose may be learnt from."""
    policy = LearningPolicy([tmp_path], NON_PROSE_PATTERNS)
    assert policy.allows((tmp_path / "chapters" / "one.md").as_uri())
    assert not policy.allows((tmp_path / "chapters" / "one.py").as_uri())


@pytest.mark.parametrize("opened", ["through the link", "where it lies"])
def test_link_does_not_evade_patterns(tmp_path, opened):
    """A link leads around no pattern."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "texts", target_is_directory=True)
    (tmp_path / "texts" / "private").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    for folder in ("link", "texts"):
        policy = LearningPolicy([tmp_path / folder], ["private/"])
        assert not policy.allows((tmp_path / folder / "private" / "a.txt").as_uri())
        there = tmp_path / ("link" if opened == "through the link" else "texts")
        assert policy.allows((there / "a.txt").as_uri())


def test_nested_folder_as_in_index(tmp_path):
    """A folder in another one is excluded only if both exclude it."""
    inner = tmp_path / "letters"
    assert LearningPolicy([tmp_path, inner], ["letters/"]).allows((inner / "anne.txt").as_uri())
    assert not LearningPolicy([tmp_path], ["letters/"]).allows((inner / "anne.txt").as_uri())


def test_policy_follows_forget_list(tmp_path):
    """The policy follows the forget list as it grows and shrinks."""
    now = LiveForgetList(tmp_path)
    policy, diary = LearningPolicy(forget_list=now), tmp_path / "diary.txt"
    assert policy.allows(diary.as_uri())
    ForgetList.change(tmp_path, lambda before: before.with_path(str(diary)))
    assert not policy.allows(diary.as_uri())
    ForgetList.change(tmp_path, lambda _: ForgetList())
    assert policy.allows(diary.as_uri())


def test_link_does_not_evade_forgetting(tmp_path):
    """A forgotten file is not learnt from where a link to it is opened."""
    diary, link = tmp_path / "diary.txt", tmp_path / "link.txt"
    diary.touch()
    link.symlink_to(diary)
    policy = LearningPolicy(forget_list=lambda: ForgetList((str(diary),)))
    assert not policy.allows(link.as_uri())


def test_unreadable_list_allows_nothing():
    """While the forget list cannot be read, nothing may be learnt from."""
    assert not LearningPolicy(forget_list=lambda: None).allows("file:///a")


def test_document_is_decided_once(tmp_path, monkeypatch):
    """A document is decided once, without a second look at the disk."""
    policy, document = LearningPolicy([tmp_path], ["private*"]), (tmp_path / "private.txt").as_uri()
    assert not policy.allows(document)
    monkeypatch.setattr(os.path, "realpath", lambda _path: pytest.fail("it was looked at again"))
    assert not policy.allows(document)


# Predictors


def typed(completer: Completer) -> None:
    for end in range(len(2 * LINE) + 1):
        completer.next_words((2 * LINE)[:end], b"", Options())


def known(copy: CopyPredictor) -> bool:
    return bool(np.exp(copy.predict([copy.feed(copy.start(), b"today I ")])).sum() > 0)


@pytest.mark.parametrize("name", ["private/diary.txt", "forgotten.txt", ".env", "letter.txt"])
def test_no_predictor_learns_unallowed(tmp_path, name):
    """No predictor learns from a document that the policy excludes."""
    state, folder = tmp_path / "state", tmp_path / "texts"
    folder.mkdir()
    ForgetList.change(state, lambda before: before.with_path(str(folder / "forgotten.txt")))
    listening = LearningRecorder(LINE.decode() * 2)
    copy = create(PredictorConfig(workspace=(folder,), exclude=("private/",), state_folder=state))
    policy = LearningPolicy([folder], ["private/"], LiveForgetList(state))
    document = (folder / name).as_uri()
    completer = Completer(
        {"listening": listening, "copy": copy}, pytest.fail, document, policy=policy
    )
    typed(completer)
    assert (bool(listening.learnt), known(copy)) == (2 * (name == "letter.txt",))
    assert completer.next_words(LINE[:10], b"", Options()), "it is answered for all the same"


def test_open_file_can_be_forgotten(tmp_path):
    """An open file that is forgotten is no longer learnt from."""
    listening, document = LearningRecorder(LINE.decode() * 4), tmp_path / "diary.txt"
    policy = LearningPolicy(forget_list=LiveForgetList(tmp_path))
    completer = Completer({"listening": listening}, pytest.fail, document.as_uri(), policy=policy)
    typed(completer)
    before = len(listening.learnt)
    assert before
    ForgetList.change(tmp_path, lambda forgotten: forgotten.with_path(str(document)))
    for end in range(len(LINE)):
        completer.next_words(2 * LINE + LINE[:end], b"", Options())
    assert len(listening.learnt) == before


@pytest.mark.parametrize(
    ("word", "learnt"),
    [
        ("Ozymandias", "I met , and Ozymandiast. "),
        ("met Ozymandias", "I , and Ozymandiast. "),
        ("Ozymandia", "I met Ozymandias, and Ozymandiast. "),
    ],
)
def test_forgotten_word_is_not_learnt(word: str, learnt: str) -> None:
    """A forgotten word is not learnt as it is typed."""
    listening = LearningRecorder()
    policy = LearningPolicy(forget_list=lambda: ForgetList(words=(word,)))
    completer = Completer({"listening": listening}, pytest.fail, "untitled:a", policy=policy)
    text = "I met Ozymandias, and Ozymandiast. "
    for end in range(len(text) + 1):
        completer.next_characters(text[:end].encode(), b"", Options())
    assert learnt.startswith(listening.learnt.decode())
    assert len(listening.learnt) >= len(learnt) - 2, "but for what may still become one"
