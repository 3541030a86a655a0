"""A headless Chromium, for the playground and VS Code."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return a Chromium: $FORETYPE_TEST_CHROMIUM, or one on the PATH."""
    return os.environ.get("FORETYPE_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )


def missing() -> str | None:
    """Return the reason why no browser can be tested here, or None."""
    if find_spec("playwright") is None:
        return "no playwright: pip install -e '.[browser]'"
    return None if find() else "no Chromium: install one, or set FORETYPE_TEST_CHROMIUM"


@contextmanager
def launch() -> Iterator[Browser]:
    """Launch the browser; requires that `missing` returns None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers lack the sandbox, and the tests open only local pages.
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
