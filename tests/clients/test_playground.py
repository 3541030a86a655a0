"""The page of `foretype playground`, in Chromium, with the real server."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from . import browser
from .playground import (
    FORETYPE,
    MOVE,
    PATIENT,
    PLAYGROUND,
    TIMEOUT,
    Playground,
    opened,
    serving,
    serving_with,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CANNOT = {
    "alternatives": "another seed shows other grey text, at a temperature above 0",
    "pairs": "its editor closes no brackets",
    "notebook or commit": "a page has one text",
    "forgotten": "only `foretype forget` and editors have the command",
}
IMAGES = os.environ.get("FORETYPE_TEST_IMAGES")
"""Set to take the README's pictures anew."""

pytestmark = [
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
    pytest.mark.timeout(300),  # a busy machine
]


def test_opened_page_uses_one_host(page: Playground, scripted: str) -> None:
    """The page has the focus in its editor, and sends requests to its own server only."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    assert page.text() == "hello"
    hosts = {urlsplit(url).netloc for url in page.requests}
    assert hosts == {urlsplit(scripted).netloc}
    assert any(url.startswith("ws://") for url in page.requests)


def test_completed_from_the_menu(page: Playground) -> None:
    """Ctrl-Space opens the menu, and Enter accepts an item."""
    page.type("hello wo")
    page.press("Control+Space")
    page.page.locator(".cm-tooltip-autocomplete li", has_text="world").first.wait_for()
    page.press("Enter")
    page.wait(page.text, lambda text: text.startswith("hello world"))
    assert "\n" not in page.text()


def test_ghost_text_follows_typing(page: Playground) -> None:
    """Ghost text stays while typing along it; Escape and cursor keys hide it."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.type(" wor")
    page.wait_for_ghost("ld again")
    page.press("Escape")
    page.wait_for_ghost("")
    page.type("l")
    page.wait_for_ghost("d again")
    page.press("ArrowLeft")
    page.wait(page.ghost, lambda ghost: ghost != "d again")


def test_accepted_by_tab_is_reported(page: Playground) -> None:
    """Tab accepts ghost text as one undo step, and reports it to the server."""
    page.type("äöü😀")
    page.wait_for_ghost(" grün und blau")
    page.press("Tab")
    page.wait_for_text("äöü😀 grün und blau")
    page.type("!")
    page.wait_for_text("äöü😀 grün und blau!")
    page.press("Control+z", "Control+z")
    page.wait_for_text("äöü😀")
    commands = [
        sent["params"] for sent in page.sent if sent["method"] == "workspace/executeCommand"
    ]
    (argument,) = [one["arguments"][0] for one in commands if one["command"] == "foretype.accepted"]
    assert (argument["kind"], argument["characters"]) == ("ghost", len(" grün und blau"))


def test_worded_by_control_right(page: Playground) -> None:
    """Ctrl-Right accepts the next word."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.press("Control+ArrowRight")
    page.wait_for_text("hello world")
    page.wait_for_ghost(" again")


def test_tab_leaves_editor_without_ghost(page: Playground) -> None:
    """Tab moves to the controls if there is no ghost text."""
    page.type("hello world again.")
    page.wait(page.untinted, lambda count: count == 0)
    page.wait_for_ghost("")
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.id") == "accept"


def test_bars_follow_the_temperature(page: Playground) -> None:
    """Bars show probabilities, and the sampling bands flatten with the temperature."""
    page.type("hello")
    first = page.wait(page.bars, lambda bars: bool(bars) and bars[0]["text"] == "␣")
    assert sum(bar["probability"] for bar in first) <= 1.001
    assert first[0]["drawn"] == 1
    assert "scripted" in first[0]["title"]
    drawn = []
    for temperature in ("1", "2"):
        page.page.evaluate(MOVE, ["temperature", temperature])
        bars = page.wait(page.bars, lambda bars: bars[0]["drawn"] not in [1, *drawn])
        assert sum(bar["drawn"] for bar in bars) <= 1.001
        drawn.append(bars[0]["drawn"])
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[0] == pytest.approx(first[0]["probability"], abs=0.01)


def test_sliders_work_by_keyboard(page: Playground) -> None:
    """The keyboard moves the sliders; the seed is enabled above temperature 0."""
    temperature, seed = page.page.get_by_label("Temperature"), page.page.get_by_label("Seed")
    assert seed.is_disabled()
    temperature.focus()
    page.press("ArrowRight")
    assert page.page.locator("#temperature-value").inner_text() == "0.05"
    assert seed.is_enabled()


def test_explained_by_tinted_characters(page: Playground) -> None:
    """Characters have the colours of their predictors, and show figures on hover."""
    page.type("hello world. Wainwright, Wainwright, Wainwright")
    page.wait(page.untinted, lambda count: count == 0)
    styles = page.page.locator(".scored").evaluate_all(
        "marks => marks.map(mark => [mark.textContent, mark.style.backgroundImage])"
    )
    last, sure = styles[-1], next(style for text, style in styles if "o" in text)
    assert "--predictor-1" in last[1]
    assert "--predictor-0" in sure
    page.page.locator(".scored").last.hover()
    tooltip = page.page.locator(".cm-tooltip .figures-of")
    tooltip.wait_for()
    assert re.search(r"\d %.*bits", tooltip.inner_text())
    assert "copy" in tooltip.inner_text()
    assert "copy" in page.page.locator("#before").inner_text()
    assert float(page.page.locator("#bits").inner_text()) > 0.1
    assert re.fullmatch(r"\d+ ms|\d+\.\d s", page.page.locator("#latency").inner_text())


def test_edit_keeps_other_tints(page: Playground) -> None:
    """An edit in the middle, undone, leaves the total of bits unchanged."""
    page.type("Wainwright and others")
    page.wait(page.untinted, lambda count: count == 0)
    before = page.page.locator("#bits").inner_text()
    page.press("Home")
    page.type("xyz")
    page.wait(page.untinted, lambda count: count == 0)
    page.press("Backspace", "Backspace", "Backspace")
    page.wait(lambda: page.page.locator("#bits").inner_text(), lambda bits: bits == before)


def test_two_tabs_work_independently(chromium: Browser, scripted: str, page: Playground) -> None:
    """Two pages of one server have ghost text at the same time."""
    with opened(chromium, scripted) as other:
        for one in (page, other):
            one.type("hello")
        for one in (page, other):
            one.wait_for_ghost(" world again")


def test_page_fits_narrow_window(page: Playground) -> None:
    """A window of 360 pixels needs no horizontal scrolling."""
    page.page.set_viewport_size({"width": 360, "height": 640})
    page.type("hello world again " * 5)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_page_fits_with_long_text(page: Playground) -> None:
    """A long text scrolls inside the editor, not the page."""
    page.page.keyboard.insert_text("many lines\n" * 200)
    page.type("hello")
    page.wait_for_ghost(" world again")
    assert page.page.evaluate("document.documentElement.scrollHeight") <= 800


def test_every_control_has_a_name(page: Playground) -> None:
    """Every control and button has an accessible name."""
    unnamed = (
        "all => all.filter(one => !one.labels?.length && !one.ariaLabel && "
        "!one.title).map(one => one.outerHTML)"
    )
    controls = page.page.locator("input, select, [contenteditable=true]")
    assert controls.evaluate_all(unnamed) == []
    page.type("hello wo")
    page.page.locator("#words li").first.wait_for()
    nameless = "all => all.filter(one => !(one.ariaLabel || one.innerText).trim())"
    assert page.page.locator("button:visible").evaluate_all(f"{nameless}.length") == 0


def test_crash_is_shown_once(chromium: Browser, tmp_path: Path) -> None:
    """When the server ends, one alert names the remedy, and the text stays editable."""
    (tmp_path / "letter.txt").write_text("Dear Philippa,\n")
    command = (FORETYPE, "playground", str(tmp_path / "letter.txt"), "--no-open")
    with (
        serving(tmp_path / "home", *command) as (address, process),
        opened(chromium, address) as playground,
    ):
        assert playground.page.locator("#name").inner_text() == "letter.txt"
        assert playground.text() == "Dear Philippa,\n"
        playground.page.locator("#bars li").first.wait_for()
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0
        assert process.stderr
        assert process.stderr.read() == ""
        alert = playground.page.get_by_role("alert")
        alert.wait_for()
        assert "foretype playground" in alert.inner_text()
        count = len(playground.requests)
        playground.type("and more")
        playground.wait_for_text("Dear Philippa,\nand more")
        assert playground.ghost() == ""
        assert len(playground.requests) == count
        assert playground.page.get_by_role("alert").count() == 1


def test_welcome_text_demonstrates_prediction(chromium: Browser, tmp_path: Path) -> None:
    """In the default text, the repeated name is predicted, in both colour schemes."""
    with serving_with(tmp_path / "home", PATIENT, text=None) as address:
        for scheme in ("light", "dark"):
            with opened(chromium, address, color_scheme=scheme) as page:
                page.wait(page.untinted, lambda count: count == 0)
                page.wait(page.ghost, lambda ghost: ghost.startswith("Philippa Wainwright"))
                named = page.page.locator("#predictors").inner_text().split()
                assert named == ["network", "copy", "ngrams"]
                if IMAGES:
                    take(page, scheme)
                assert page.errors == []


def take(page: Playground, scheme: str) -> None:
    """Take a picture for the README: a predicted name, and the next words and characters."""
    from PIL import Image  # matplotlib brings it

    page.wait(page.words)
    time.sleep(1)
    picture = PLAYGROUND / "images" / f"{scheme}.png"
    page.page.screenshot(path=picture)
    with Image.open(picture) as image:
        image.convert("RGB").quantize(256, kmeans=2).save(picture, optimize=True)
