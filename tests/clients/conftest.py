"""The page of the playground in a browser, for the tests that use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import browser
from .playground import SCRIPTED, Playground, opened, serving_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty page whose server predicts a few texts."""
    with serving_with(tmp_path_factory.mktemp("home"), SCRIPTED) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as one:
        yield one


@pytest.fixture
def page(chromium: Browser, scripted: str) -> Iterator[Playground]:
    """An empty page; the test fails if the browser reports an error."""
    with opened(chromium, scripted) as playground:
        yield playground
        assert playground.errors == []
