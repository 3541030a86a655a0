"""`foretype try`: suggestions, the screen and files."""

import threading

import pytest
from tests.server.terminal.driver import (
    CTRL_END,
    CTRL_N,
    CTRL_Q,
    CTRL_RIGHT,
    CTRL_S,
    CTRL_T,
    ESCAPE,
    LEFT,
    TAB,
    TEXTS,
    run_editor,
)  # fmt: skip

from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.terminal.suggesting import TEMPERATURES


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path_factory):
    """Keep the statistics apart from the user's."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path_factory.mktemp("home")))


def test_tab_accepts_ghost_text():
    """Tab inserts the whole ghost text."""

    async def person(terminal):
        await terminal.press("hello")
        await terminal.sees_ghost(" world again")
        await terminal.press(TAB)
        assert terminal.text == "hello world again"
        await terminal.discard()

    run_editor(person)


def test_ctrl_right_accepts_word():
    """Ctrl-Right inserts one word of the ghost text at a time."""

    async def person(terminal):
        await terminal.press("hello")
        await terminal.sees_ghost(" world again")
        await terminal.press(CTRL_RIGHT)
        assert terminal.text == "hello world"
        await terminal.press(CTRL_RIGHT)
        assert terminal.text == "hello world again"
        await terminal.discard()

    run_editor(person)


def test_word_keeps_combining_marks():
    """An accepted word includes its combining marks."""

    async def person(terminal):
        await terminal.press("नम")
        await terminal.sees_ghost("स्ते दुनिया")
        await terminal.press(CTRL_RIGHT)
        assert terminal.text == "नमस्ते"
        await terminal.discard()

    run_editor(person)


def test_typing_along_keeps_rest():
    """Typing along the ghost text leaves the rest of it; another character removes it."""

    async def person(terminal):
        await terminal.press("hello")
        await terminal.sees_ghost(" world again")
        await terminal.press(" ", "w", "o")
        await terminal.sees_ghost("rld again")
        await terminal.press("x")
        await terminal.sees_ghost("")
        await terminal.discard()

    run_editor(person)


def test_tab_without_ghost_text():
    """Without ghost text, Tab inserts a tab."""

    async def person(terminal):
        await terminal.press("?", "?")
        await terminal.has_answer_to("??")
        await terminal.press(TAB)
        assert terminal.text == "??\t"
        await terminal.discard()

    run_editor(person)


def test_screen_shows_suggestions():
    """An empty text shows the greeting; then come ghost text, characters and the temperature."""

    async def person(terminal):
        await terminal.wait_until(lambda: "Start typing" in terminal.screen)
        await terminal.press("hello")
        await terminal.wait_until(lambda: "␠" in terminal.screen)
        assert "hello world again" in terminal.screen
        assert terminal.text == "hello"
        assert "Start typing" not in terminal.screen
        assert "98%" in terminal.screen
        assert "temperature 0.0" in terminal.screen
        await terminal.discard()

    run_editor(person)


def test_ghost_text_within_line():
    """Ghost text is shown between the cursor and the rest of the line."""

    async def person(terminal):
        await terminal.press("hello!", LEFT)
        await terminal.wait_until(lambda: "hello world again!" in terminal.screen)
        assert terminal.text == "hello!"
        await terminal.discard()

    run_editor(person)


def test_prose_words_have_keys():
    """In prose, the panel lists the next words, and Alt with a number inserts one."""

    async def person(terminal):
        await terminal.press("hello")
        await terminal.has_answer_to("hello")
        second = terminal.editor.choices[1]
        await terminal.wait_until(lambda: f"2 {second.strip()}" in terminal.screen)
        await terminal.press(ESCAPE + "2")
        assert terminal.text == "hello" + second
        await terminal.press(ESCAPE + "9")
        assert terminal.text == "hello" + second
        await terminal.discard()

    run_editor(
        person,
        predictors={"scripted": ScriptedPredictor(["hello world", "hello there", "hello moon"])},
        prose=True,
    )


def test_prose_list_has_whole_words():
    """Inside a word, the list of next words shows the whole words, and a click inserts one."""

    async def person(terminal):
        await terminal.press(*"say hel")
        await terminal.wait_until(lambda: "1 hello" in terminal.screen)
        row = next(
            number for number, row in enumerate(terminal.screen.splitlines()) if "1 hello" in row
        )
        column = terminal.screen.splitlines()[row].index("hello")
        await terminal.press(f"\x1b[<0;{column + 1};{row + 1}M", f"\x1b[<0;{column + 1};{row + 1}m")
        assert terminal.text.startswith("say hello")
        await terminal.discard()

    run_editor(person, prose=True)


def test_opened_file_gets_no_ghost(tmp_path):
    """In a file that was only opened, nothing is suggested until a key is pressed."""

    class Begun(ScriptedPredictor):
        def start(self):
            return self.feed(super().start(), b"hello")

    file = tmp_path / "numbers.txt"
    file.write_text("1 2 3")

    async def person(terminal):
        await terminal.wait_until(
            lambda: (answer := terminal.editor.suggestions.answer) and answer.ghost
        )
        assert terminal.editor.ghost == ""
        await terminal.press(CTRL_END)
        await terminal.press(*" hello")
        await terminal.sees_ghost(" world again")
        await terminal.discard()

    run_editor(person, file, {"scripted": Begun(TEXTS)})


def test_ctrl_t_cycles_temperatures():
    """Ctrl-T goes through all temperatures and back to 0."""

    async def person(terminal):
        seen = []
        for _ in TEMPERATURES:
            seen.append(terminal.editor.options.temperature)
            await terminal.press(CTRL_T)
        assert seen == list(TEMPERATURES)
        assert terminal.editor.options.temperature == TEMPERATURES[0]
        await terminal.discard()

    run_editor(person)


def test_ctrl_n_resamples():
    """Above temperature 0, Ctrl-N draws other suggestions."""

    async def person(terminal):
        editor = terminal.editor
        await terminal.press("one ")
        drawn = set()
        for _ in range(12):
            await terminal.press(CTRL_N)
            await terminal.wait_until(
                lambda: editor.suggestions.answer.question.options == editor.options
            )
            drawn.add(editor.ghost)
        assert drawn >= {"two", "three"}
        await terminal.discard()

    run_editor(
        person,
        predictors={"scripted": ScriptedPredictor(["one two", "one three"])},
        temperature=1.0,
    )


def test_ctrl_n_at_zero_explains():
    """At temperature 0, Ctrl-N shows the key that raises the temperature."""

    async def person(terminal):
        await terminal.press("hello", CTRL_N)
        assert "Ctrl-T" in terminal.editor.notice
        await terminal.discard()

    run_editor(person)


def test_saving_keeps_line_ends(tmp_path):
    """Ctrl-S saves the text with the file's line ends and mode."""
    file = tmp_path / "notes.txt"
    file.write_bytes(b"one\r\ntwo\r\n")
    file.chmod(0o640)

    async def person(terminal):
        await terminal.press("zero", "\r", CTRL_S)
        assert not terminal.editor.unsaved
        await terminal.discard()

    run_editor(person, file)
    assert file.read_bytes() == b"zero\r\none\r\ntwo\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(("answer", "saved"), [("y", "x"), ("n", "")])
def test_quitting_unsaved_asks(tmp_path, answer, saved):
    """Quitting with unsaved changes asks whether to save them."""
    file = tmp_path / "new.txt"

    async def person(terminal):
        await terminal.press("x", CTRL_Q, "z")
        assert terminal.text == "x"
        await terminal.wait_until(lambda: "Save new.txt?" in terminal.screen)
        await terminal.press(answer)

    run_editor(person, file)
    assert (file.read_text() if file.exists() else "") == saved


def test_quitting_can_be_cancelled(tmp_path):
    """A second Ctrl-Q cancels the question, and editing continues."""

    async def person(terminal):
        await terminal.press("x", CTRL_Q, CTRL_Q, "y", CTRL_Q)
        assert terminal.text == "xy"
        await terminal.press("n")

    run_editor(person, tmp_path / "new.txt")


def test_failed_save_keeps_text(tmp_path):
    """If the file cannot be saved, the editor shows the error and stays open."""
    folder = tmp_path / "gone"
    folder.mkdir()

    async def person(terminal):
        folder.rmdir()
        await terminal.press("x", CTRL_S)
        assert "Not saved" in terminal.editor.notice
        await terminal.press(CTRL_Q, "y")
        assert terminal.text == "x"
        await terminal.press(CTRL_Q, "n")

    run_editor(person, folder / "notes.txt")


def test_keys_never_wait():
    """Keys are handled while a completion is being computed."""
    go_on = threading.Event()

    class Stuck(ScriptedPredictor):
        def predict(self, states):
            go_on.wait(5)
            return super().predict(states)

    async def person(terminal):
        await terminal.press(*"hello")
        assert terminal.text == "hello"
        assert terminal.editor.ghost == ""
        go_on.set()
        await terminal.sees_ghost(" world again")
        await terminal.discard()

    run_editor(person, predictors={"scripted": Stuck(TEXTS)})


def test_failing_predictor_is_shown():
    """The error of a predictor is shown, and typing continues."""

    class Broken(ScriptedPredictor):
        def predict(self, states):
            raise RuntimeError("out of order")

    async def person(terminal):
        await terminal.wait_until(lambda: "out of order" in terminal.editor.notice)
        await terminal.press("hello")
        assert terminal.text == "hello"
        await terminal.discard()

    run_editor(person, predictors={"broken": Broken([])})


def test_long_text_is_read_later(tmp_path):
    """A long text is answered from its end at once, and the rest is read afterwards."""

    class Counting(ScriptedPredictor):
        read = 0

        def feed(self, state, text):
            Counting.read += len(text)
            return super().feed(state, text)

    file = tmp_path / "long.txt"
    file.write_text("hello world again. " * 1000 + "hello")

    async def person(terminal):
        await terminal.press(CTRL_END)
        await terminal.sees_ghost(" world again")
        await terminal.wait_until(lambda: Counting.read > file.stat().st_size)
        await terminal.discard()

    run_editor(person, file, {"scripted": Counting(TEXTS)})
