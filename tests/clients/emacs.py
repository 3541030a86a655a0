"""An Emacs with the package and the real server, in a terminal, which also evaluates forms."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foretype_server.setup import client_files

from . import terminal
from .terminal import Terminal, started

PROGRAM = terminal.find("emacs")
MISSING = "no Emacs 30.1 or later, or no tmux: set FORETYPE_TEST_EMACS"

PACKAGE = client_files.editor_files("emacs")
SCRIPTED = """(:maxSearchTime 10000 :inline (:maxLines 3) :predictors (:scripted (:texts
    ["hello world again" "äöü😀 grün und blau" "one\\ntwo\\nthree" "so go on and on left"
     "so go on and on right" "we run home" "we run away" "you call(them) now" "你 hello"])))"""
INIT = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil)
(set-language-environment "UTF-8")
;; After M-x, keys are lost while Emacs searches for a shorter name of the command.
(setq extended-command-suggest-shorter nil suggest-key-bindings nil)
{install}
(setq foretype-settings '{settings})
{more}
(global-foretype-mode)
(defvar test (make-network-process :name "test" :host "127.0.0.1" :service {port}
                                   :coding 'utf-8 :noquery t))
(defvar test-read "")
(set-process-filter test (lambda (process text)
  (setq test-read (concat test-read text))
  (when (string-suffix-p "\\n" test-read)
    (let ((form (read test-read)))
      (setq test-read "")
      (with-current-buffer (window-buffer (selected-window))
        (process-send-string process (concat (json-encode (condition-case err (eval form t)
          (error (format "%S" err)))) "\\n")))))))
"""
FROM_SOURCE = f'(add-to-list (quote load-path) "{PACKAGE}") (require (quote foretype-commands))'


class Emacs(Terminal):
    """An Emacs that also evaluates forms, over a connection that it has opened to the test."""

    def __init__(self, editor: Terminal, connection: socket.socket) -> None:
        super().__init__(editor.tmux)
        self._stream = connection.makefile("rw", encoding="utf-8")

    def evaluate(self, form: str) -> Any:
        """Return the value of a form, in the buffer of the selected window."""
        self._stream.write(form + "\n")
        self._stream.flush()
        return json.loads(self._stream.readline())

    def text(self) -> str:
        """Return the text of the buffer, which differs from the screen by the ghost text."""
        return self.evaluate("(buffer-string)") or ""

    def wait_for_text(self, text: str) -> None:
        self.wait(self.text, lambda found: found == text)

    def messages(self) -> str:
        return self.evaluate('(with-current-buffer "*Messages*" (buffer-string))')

    def command(self, name: str) -> None:
        self.press("M-x")
        self.type(f"{name}\n")


def open_editor(
    folder: Path,
    settings: str = SCRIPTED,
    file: str = "notes.txt",
    more: str = "",
    install: str = FROM_SOURCE,
    *,
    git: bool = False,
) -> Iterator[Emacs]:
    """An Emacs with the package, and `more` in its init file. With `git`, ``git commit`` opens
    it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(terminal.TIMEOUT)
        port = listening.getsockname()[1]
        (folder / ".emacs.d").mkdir(exist_ok=True)
        init = INIT.format(install=install, settings=settings, more=more, port=port)
        (folder / ".emacs.d" / "init.el").write_text(init)
        assert PROGRAM
        command = terminal.COMMIT if git else [PROGRAM, "-nw", file]
        environment = terminal.git_environment(f"{PROGRAM} -nw")
        with (
            started(command, folder, environment) as editor,
            listening.accept()[0] as connection,
        ):
            emacs = Emacs(editor, connection)
            emacs.wait(lambda: emacs.evaluate("(buffer-name)"), lambda name: name == file)
            yield emacs
