"""Learning from typed text: each byte once, after its own state, and no slip."""

from __future__ import annotations

import pytest

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.privacy.learning_policy import LearningPolicy

TEXT = "we met in spring, and it rained. "


class Recorder(ScriptedPredictor):
    """A predictor whose states are the text before, and that records each byte to learn."""

    def __init__(self) -> None:
        super().__init__([])
        self.learnt: list[tuple[bytes, int]] = []

    def feed(self, state: bytes, text: bytes) -> bytes:
        return state + text

    def save(self) -> None: ...

    def learn(self, state: bytes, following: int) -> None:
        self.learnt.append((state, following))

    @property
    def text(self) -> str:
        return bytes(byte for _, byte in self.learnt).decode()


class Typing:
    """A document of which each text in turn is completed."""

    def __init__(self, policy: LearningPolicy | None = None) -> None:
        self.recorder = Recorder()
        self._completer = Completer(
            {"recorder": self.recorder}, pytest.fail, "file:///notes.txt", policy=policy
        )

    def show(self, *texts: str, after: str = "") -> Typing:
        for text in texts:
            self._completer.next_characters(text.encode(), after.encode(), Options())
        return self

    def type(self, before: str, text: str, after: str = "") -> Typing:
        """Type `text` key by key after `before`."""
        return self.show(*(before + text[:end] for end in range(1, len(text) + 1)), after=after)


def test_each_byte_is_learnt_once() -> None:
    """Typed text is learnt byte by byte, each after the state of the text before it. The last word
    waits for its end, as it may become a secret.
    """
    learnt = Typing().show("").type("", TEXT).recorder.learnt
    assert learnt == [(TEXT[:at].encode(), ord(TEXT[at])) for at in range(len(TEXT))]
    assert Typing().show("").type("", "we met in spr").recorder.text == "we met in "


def test_opened_text_is_not_learnt() -> None:
    """The text with which a document is opened was not typed; what follows it was."""
    assert Typing().show("it rained. ").type("it rained. ", "we met. ").recorder.text == "we met. "


@pytest.mark.parametrize("unit", ["a b ", "é ù "])
def test_pasted_text_is_not_learnt(unit: str) -> None:
    """Up to 64 bytes in one edit may have been typed; more are a paste, and are not learnt."""
    size = len(unit.encode())
    typed = unit * (64 // size) + " " * (64 % size)
    assert Typing().show("", typed).recorder.text == typed
    assert Typing().show("", typed + " ").recorder.text == ""


def test_corrected_slip_is_not_learnt() -> None:
    """Of a word that is corrected before its end, the slip is not learnt."""
    typing = Typing().show("").type("", "we mexd").show("we mex", "we me")
    assert typing.type("we me", "t you, ").recorder.text == "we met you, "


def test_deleted_word_is_not_learnt() -> None:
    """A word that is deleted before its end is not learnt, and the next one after its own state."""
    typing = Typing().show("").type("", "we met").show("we ").type("we ", "left. ")
    assert typing.recorder.text == "we left. "
    assert typing.recorder.learnt[3] == (b"we ", ord("l"))


def test_word_left_elsewhere_is_not_learnt() -> None:
    """A word that is begun at one place is not learnt with the text of another."""
    typing = Typing().show("one two ").type("one two ", "thr").show("one ", after="two thr")
    typing.type("one ", "and a half ", after="two thr")
    assert typing.recorder.text == "and a half "
    assert typing.recorder.learnt[0] == (b"one ", ord("a"))


def test_jump_and_return_learn_nothing() -> None:
    """Moving the cursor is not typing, in whatever direction; typing what follows it is."""
    text, typing = "one two. one two. ", Typing()
    for at in (18, 9, 13, 14, 0, 4, 18, 9):
        typing.show(text[:at], after=text[at:])
    assert typing.recorder.text == ""
    typing.type(text[:9], text[9:], after=text[9:])
    assert typing.recorder.text == text[9:]


def test_forgotten_word_leaves_a_gap() -> None:
    """A forgotten word is not learnt, and the text after it is."""
    policy = LearningPolicy(forget_list=lambda: ForgetList(words=("spring",)))
    recorder = Typing(policy).show("").type("", TEXT).recorder
    assert recorder.text == TEXT.replace("spring", "")
    assert recorder.learnt[10] == (b"we met in spring", ord(","))


def test_password_leaves_a_gap() -> None:
    """A password is not learnt as it is typed, and the lines around it are."""
    text = "we met.\npassword = hunter22x!\nit rained. \n"
    learnt = Typing().show("").type("", text).recorder.text
    assert "hunter" not in learnt
    assert learnt.startswith("we met.\n")
    assert learnt.endswith("it rained. \n")


def test_excluded_document_teaches_nothing() -> None:
    """While a document may not be learnt from, nothing waits; what is typed later is learnt."""
    lists = [ForgetList(paths=("/notes.txt",))]
    policy = LearningPolicy(forget_list=lambda: lists[-1])
    typing = Typing(policy).show("").type("", "we met ")
    assert typing.recorder.text == ""
    lists.append(ForgetList())
    assert typing.type("we met ", "in spring, ").recorder.text == "in spring, "


def test_same_place_is_asked_once() -> None:
    """Asking again at the same place predicts nothing anew, and learns nothing."""
    predicted: list[bytes] = []

    class Counter(ScriptedPredictor):
        def predict(self, states):
            predicted.extend(states)
            return super().predict(states)

    one = Completer({"one": Counter([TEXT])}, pytest.fail)
    first = one.ghost_text(b"we met ", b"", Options())
    count = len(predicted)
    assert first is not None
    assert count > len(first.text)
    assert one.ghost_text(b"we met ", b"", Options()) == first
    assert len(predicted) == count
