"""A real Chromium without a screen, for what runs in one: pages of our own, and VS Code."""

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
    """A Chromium: $FORETYPE_TEST_CHROMIUM, or one on the PATH."""
    return os.environ.get("FORETYPE_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )


def missing() -> str | None:
    """Why no page can be opened here, or None where one can be."""
    if find_spec("playwright") is None:
        return "no playwright: pip install -e '.[browser]'"
    return None if find() else "no Chromium: install one, or set FORETYPE_TEST_CHROMIUM"


@contextmanager
def launch() -> Iterator[Browser]:
    """The browser; where `missing` is None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In a container there is no sandbox to be had, and the pages are our own.
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
