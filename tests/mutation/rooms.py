"""Which files each room has faults put into, and which tests are to notice them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_MODEL: Final = "model/foretype_model"
_SERVER: Final = "server/foretype_server"


@dataclass(frozen=True)
class Room:
    """Files, and the tests that a fault in them must break. Paths are relative to the project."""

    files: tuple[str, ...]
    tests: tuple[str, ...]

    def sources(self) -> list[Path]:
        """Return the files in order; a folder stands for all of its modules."""
        found: list[Path] = []
        for name in self.files:
            path = ROOT / name
            found += [path] if path.is_file() else sorted(path.glob("*.py"))
        return [path.relative_to(ROOT) for path in found if path.stat().st_size > 200]


ROOMS: Final = {
    "document": Room(
        (f"{_SERVER}/document.py",),
        ("tests/server/test_document.py", "tests/server/test_document_chunks.py"),
    ),
    "files": Room(
        (f"{_MODEL}/files/atomic.py", f"{_MODEL}/files/lock.py"),
        ("tests/model/files/test_lock.py", "tests/model/files/test_atomic.py"),
    ),
    "token": Room((f"{_SERVER}/lsp/auth.py",), ("tests/server/lsp/test_auth.py",)),
    "savings": Room(
        (
            f"{_SERVER}/usage/acceptance.py",
            f"{_SERVER}/usage/store.py",
            f"{_SERVER}/usage/tally.py",
        ),
        ("tests/server/usage",),
    ),
    "candidates": Room(
        (
            f"{_MODEL}/completion/candidates.py",
            f"{_MODEL}/completion/ghost_text.py",
            f"{_MODEL}/completion/menu.py",
            f"{_MODEL}/completion/word_search.py",
            f"{_MODEL}/completion/after_cursor.py",
            f"{_MODEL}/completion/selection.py",
            f"{_MODEL}/completion/continuation.py",
            f"{_MODEL}/completion/alternatives.py",
            f"{_MODEL}/completion/offers.py",
            f"{_MODEL}/text/utf8.py",
        ),
        (
            *(
                f"tests/model/completion/test_{name}.py"
                for name in (
                    *("after_cursor", "alternatives", "candidates", "fitted", "ghost_text"),
                    *("limits", "menu", "offers", "own_names", "selection"),
                )
            ),
            "tests/model/text/test_prose.py",
            "tests/model/text/test_utf8.py",
        ),
    ),
    "search": Room(
        (f"{_MODEL}/completion/search.py", f"{_MODEL}/sampling.py"),
        (
            "tests/model/completion/test_candidates.py",
            "tests/model/completion/test_limits.py",
            "tests/model/completion/test_own_names.py",
            "tests/model/completion/test_search.py",
            "tests/model/test_sampling.py",
        ),
    ),
    "lessons": Room(
        (
            f"{_MODEL}/completion/deferred_learning.py",
            f"{_MODEL}/completion/document_state.py",
            f"{_MODEL}/completion/unread_runs.py",
        ),
        (
            "tests/model/completion/test_learning.py",
            "tests/model/completion/test_unread_runs.py",
            "tests/model/privacy/test_learning_policy.py",
        ),
    ),
    "forgetting": Room(
        (
            f"{_MODEL}/privacy/forget_list.py",
            f"{_MODEL}/privacy/forgotten_words.py",
            f"{_MODEL}/privacy/learning_policy.py",
            f"{_MODEL}/predictors/copy/erase.py",
            f"{_MODEL}/predictors/copy/index/erase.py",
        ),
        (
            "tests/model/privacy/test_forget_list.py",
            "tests/model/privacy/test_forgotten_words.py",
            "tests/model/privacy/test_learning_policy.py",
            "tests/model/predictors/copy/test_erase.py",
        ),
    ),
    "mixture": Room(
        (f"{_MODEL}/predictors/mixture.py", f"{_MODEL}/predictors/log_mixer.py"),
        (
            "tests/model/predictors/test_mixture.py",
            "tests/model/predictors/test_mixture_caches.py",
            "tests/model/predictors/test_log_mixer.py",
        ),
    ),
    "index": Room(
        tuple(
            f"{_MODEL}/predictors/copy/index/{name}.py"
            for name in (
                *("erase", "fm_index", "manifest", "registry", "segment_file", "suffix_sort"),
                *("update", "workspace"),
            )
        ),
        (
            "tests/model/predictors/copy/index",
            "tests/model/predictors/copy/test_erase.py",
            "tests/model/privacy/test_forget_list.py",
        ),
    ),
    # A process of its own, in which no test can be seen to reach a line: all of them are run.
    "indexer": Room(
        (f"{_MODEL}/predictors/copy/index/child.py",),
        (
            "tests/model/predictors/copy/index/test_child.py",
            "tests/model/predictors/copy/index/test_workspace.py",
        ),
    ),
    "secrets": Room(
        tuple(
            f"{_MODEL}/privacy/{name}.py"
            for name in (
                *("api_keys", "assignment_grammar", "assignment_rule", "assignment_rules"),
                *("assignments", "call_rules", "calls", "code_rules", "columns", "command_rules"),
                *("context_rules", "credential", "credentials", "format_rules", "key_rules"),
                *("keywords", "languages", "names", "nearby", "nearby_rules", "preceding_rules"),
                *("prose_rules", "secret_scanner", "sql_rows", "values"),
            )
        ),
        tuple(
            f"tests/model/privacy/test_{name}.py"
            for name in (
                *("borders", "credentials", "rules", "secret_forms", "secret_scanner"),
                *("tables_are_whole", "unseen_canaries", "written_canaries"),
            )
        ),
    ),
}
