"""The package for Emacs, in Emacs, with the real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from .editor import ODD_LINES, SCRIPTS
from .emacs import MISSING, PACKAGE, PROGRAM, Emacs, open_editor

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Emacs]:
    """An Emacs in an empty text file, whose server predicts the texts of `SCRIPTED`."""
    yield from open_editor(tmp_path)


def test_opened_file_uses_workspace(tmp_path: Path) -> None:
    """Ghost text comes from the default model and the files of the repository."""
    (tmp_path / "work").mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path / "work")], check=True)
    (tmp_path / "work" / "plan.txt").write_text(
        30 * "The observatory on Quillfeather Hill is open.\n"
    )
    for emacs in open_editor(tmp_path, "(:maxSearchTime 10000)"):
        emacs.wait(lambda: list((tmp_path / "foretype").glob("predictors/copy/*/manifest.json")))
        emacs.type("The observatory on Quillfeathe")
        emacs.retype_until("The observatory on Quillfeather Hill is open.")
        assert emacs.text() == "The observatory on Quillfeathe"


def test_completed_menu_item_is_counted(tmp_path: Path) -> None:
    """Completion at point lists next words by keys saved, and a chosen one is counted."""
    for emacs in open_editor(tmp_path, more="(setq completion-auto-help 'always)"):
        emacs.type("hello w")
        emacs.wait_for("hello world again")
        emacs.press("C-g", "M-Tab")
        screen = emacs.wait_for("*Completions*")
        assert re.search(r"(?s)world again +\d\d %", screen)
        emacs.command("switch-to-completions")
        emacs.wait(partial(emacs.evaluate, "(buffer-name)"), lambda name: name == "*Completions*")
        emacs.press("Enter")
        emacs.wait(emacs.text, lambda text: text.startswith("hello world"))
        emacs.command("foretype-status")
        emacs.wait(emacs.messages, lambda messages: "suggestions accepted: 1 (" in messages)


def test_ghost_text_is_only_shown(editor: Emacs) -> None:
    """Ghost text is on the screen, after the cursor, and not in the buffer."""
    editor.type("hello")
    editor.wait_for("hello world again")
    assert editor.text() == "hello"
    assert editor.cursor() == (1, 5)
    editor.press("C-g", "Enter")
    editor.type("one")
    editor.wait_for("three")
    assert editor.cursor() == (2, 3)


def test_accepted_ghost_text_undoes_once(editor: Emacs) -> None:
    """Accepted ghost text is one undo step and is counted with its characters."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_text("hello world again")
    editor.press("C-_")
    editor.wait_for_text("hello")
    editor.command("foretype-status")
    editor.wait(
        editor.messages,
        lambda messages: f"accepted: 1 ({len(' world again')} characters)" in messages,
    )


def test_worded_and_line_keys(editor: Emacs) -> None:
    """The keys for a word and for a line accept only that part."""
    editor.type("äöü😀")
    editor.wait_for("äöü😀 grün und blau")
    editor.press("M-f")
    editor.wait_for_text("äöü😀 grün")
    editor.wait_for("äöü😀 grün und blau")
    editor.press("Tab", "Enter")
    editor.type("one")
    editor.wait_for("three")
    editor.press("C-e")
    editor.wait_for_text("äöü😀 grün und blau\none\ntwo")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([","], "so go on and on,"),
        ([".x"], "so go on and on.x"),
        ([")"], "so go on and on)"),
        ([" x"], "so go on and on x"),
        (["x y ,"], "so go on and on x y ,"),
        (["("], "so go on and on ("),
        (["\n", "ab"], "so go on and on\nab"),
    ],
)
def test_smart_space_is_taken_back(editor: Emacs, keys: list[str], text: str) -> None:
    """The space at the end of accepted ghost text goes if punctuation, a bracket, a space or a new
    line follows it.
    """
    editor.type("so go ")
    editor.wait_for("so go on and on")
    editor.press("Tab")
    editor.wait_for_text("so go on and on ")
    for typed in keys:
        editor.type(typed)
    editor.wait_for_text(text)
    assert editor.evaluate("(= (point) (point-max))") is True


def test_alternatives_take_turns(editor: Emacs) -> None:
    """The keys for the next and the previous alternative show other ghost texts."""
    editor.type("we run ")
    screen = editor.wait(editor.screen, lambda screen: re.search("we run (home|away)", screen))
    first = "home" if "home" in screen else "away"
    (other,) = {"home", "away"} - {first}
    editor.press("M-n")
    editor.wait_for(f"we run {other}")
    editor.press("M-p")
    editor.wait_for(f"we run {first}")
    editor.press("M-n")
    editor.wait_for(f"we run {other}")
    editor.press("Tab")
    editor.wait_for_text(f"we run {other}")


def test_composition_is_no_text(editor: Emacs) -> None:
    """While an input method composes, nothing is requested; its result is text."""
    editor.evaluate('(progn (set-input-method "chinese-py") nil)')
    editor.type("ni")
    editor.wait(partial(editor.evaluate, "(foretype--composing-p)"))
    requests = editor.evaluate("foretype--newest-request")
    time.sleep(1)
    assert editor.evaluate("foretype--newest-request") == requests
    assert editor.evaluate("(null foretype--ghost)") is True
    editor.type(" ")
    editor.wait_for_text("你 ")
    editor.wait_for("你 hello")


def test_typing_along_keeps_ghost_text(editor: Emacs) -> None:
    """Ghost text stays while typing along it; another character hides it."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.type(" wor")
    editor.wait_for("hello world again")
    editor.type("!")
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.press("C-a", "M-f", "C-e")
    editor.type("?")
    editor.wait_for_text("hello wor!?")


def test_dismiss_key_hides_ghost_text(editor: Emacs) -> None:
    """C-g hides the ghost text."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("C-g")
    editor.wait(editor.screen, lambda screen: "again" not in screen)


def test_server_follows_all_changes(editor: Emacs) -> None:
    """The server has the buffer's text after changes of many kinds, also of many at once."""
    editor.type("x\ntail tail\nhell")
    editor.wait_for_text("x\ntail tail\nhell")
    assert not editor.evaluate("""(progn
      (goto-char 1) (while (search-forward "tail" nil t) (replace-match "äöü"))
      (upcase-region 3 10) (transpose-lines 1) (insert "\\nübrig \\x3fffff\\n") (delete-region 1 4)
      (narrow-to-region (- (point-max) 2) (point-max))
      (subst-char-in-region (point-min) (point-max) ?l ?L)
      (subst-char-in-region (point-min) (point-max) ?L ?l) (widen) (goto-char (point-max)) nil)""")
    editor.type("o")
    editor.wait_for("hello world again")
    editor.press("C-g", "Enter")
    editor.evaluate("(progn (dotimes (_ 300) (insert ?y) (delete-char -1)) nil)")
    editor.type("äöü😀")
    editor.wait_for("äöü😀 grün und blau")


@pytest.mark.parametrize("line", ODD_LINES)
def test_odd_lines_shift_nothing(tmp_path: Path, line: str) -> None:
    """A NUL or a carriage return above does not change the line that is asked about."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "notes.txt").write_bytes(b"mixed\n" + ODD_LINES[line] + b"\n")
    # As text: Emacs takes a file with a NUL for binary.
    for emacs in open_editor(tmp_path, more="(setq inhibit-null-byte-detection t)"):
        emacs.press("M->")
        emacs.type("hello")
        emacs.wait_for("hello world again")
        emacs.press("C-p", "C-p")
        emacs.type("x")
        emacs.press("M->", "BSpace")
        emacs.type("o")
        emacs.wait_for("hello world again")


def test_pairs_stay_balanced(tmp_path: Path) -> None:
    """With electric-pair-mode, accepted text closes no bracket a second time."""
    for emacs in open_editor(tmp_path, more="(electric-pair-mode)"):
        emacs.type("you call(")
        emacs.wait_for("you call(them)")
        emacs.press("Tab")
        emacs.wait_for_text("you call(them)")
        emacs.type(")!")
        emacs.wait_for_text("you call(them)!")


def test_explained_offer_has_shares(editor: Emacs) -> None:
    """foretype-explain shows the shares of the predictors, and a line end as a sign."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.command("foretype-explain")
    editor.wait_for("scripted: 100 % of it")
    editor.press("Enter")
    editor.type("one")
    editor.wait_for("three")
    editor.command("foretype-explain")
    editor.wait_for('"↵two↵three"')


def test_forgotten_word_is_reported(editor: Emacs) -> None:
    """foretype-forget asks, and forgets the word at point."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.command("foretype-forget")
    editor.type("\nyes\n")
    editor.wait(editor.messages, lambda messages: "hello is forgotten" in messages)


def test_works_beside_eglot(tmp_path: Path) -> None:
    """Ghost text works in a buffer that Eglot has attached to another server."""
    other = f'(list "{sys.executable}" "-m" "foretype_server" "serve")'
    more = f"""(require 'eglot)
      (add-to-list 'eglot-server-programs (cons 'text-mode (lambda (&rest _) {other})))
      (add-hook 'text-mode-hook #'eglot-ensure)"""
    for emacs in open_editor(tmp_path, more=more):
        emacs.wait(partial(emacs.evaluate, "(and (eglot-current-server) t)"))
        emacs.type("hello")
        emacs.wait_for("hello world again")
        emacs.press("Tab")
        emacs.wait_for_text("hello world again")


def test_setup_installs_and_removes_package(tmp_path: Path) -> None:
    """`foretype setup emacs` installs a package that its lines in the init file load; --remove
    deletes both.
    """
    assert PROGRAM
    init = tmp_path / ".emacs.d" / "init.el"
    environment = {**os.environ, "HOME": str(tmp_path), "FORETYPE_HOME": str(tmp_path / "foretype")}
    setup = [str(Path(SCRIPTS) / "foretype"), "setup", "emacs", "--program", PROGRAM]
    subprocess.run(setup, env=environment, capture_output=True, check=True)
    lines = init.read_text()
    assert "(global-foretype-mode)" in lines
    for emacs in open_editor(tmp_path, install=lines):
        emacs.type("hello")
        emacs.wait_for("hello world again")
    before = init.read_text()
    subprocess.run([*setup, "--remove"], env=environment, capture_output=True, check=True)
    assert init.read_text() == before.replace(lines, "")
    assert not list((tmp_path / ".emacs.d" / "elpa").glob("foretype*"))


def test_package_compiles_and_passes_checkdoc(tmp_path: Path) -> None:
    """The byte compiler and checkdoc report no warning."""
    assert PROGRAM
    files = [shutil.copy(path, tmp_path) for path in PACKAGE.glob("*.el")]
    batch = [PROGRAM, "-Q", "--batch", "-L", str(tmp_path)]
    compiled = subprocess.run(
        [*batch, "-f", "batch-byte-compile", *files], capture_output=True, text=True, check=True
    )
    assert "arning" not in compiled.stderr
    forms = " ".join(f'(checkdoc-file "{file}")' for file in files)
    check = [*batch, "--eval", f"(progn (require 'checkdoc) {forms})"]
    assert not subprocess.run(check, capture_output=True, text=True, check=True).stderr
