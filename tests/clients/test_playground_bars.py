"""The bars of the playground, its buttons for touch, and the order of its tints, in Chromium."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from . import browser
from .playground import PHONE, SCRIPTED, Playground, opened, serving_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser, WebSocketRoute

pytestmark = [
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
    pytest.mark.timeout(300),  # a busy machine
]

NEAR = 250
"""Characters before the cursor that are scored first after a long text was pasted."""
INSIDE = """() => { const ghost = document.querySelector('.ghost').getBoundingClientRect();
const editor = document.querySelector('.cm-scroller').getBoundingClientRect();
const bottom = Math.min(editor.bottom, window.visualViewport.height);
return ghost.height > 0 && ghost.top >= editor.top && ghost.bottom <= bottom }"""
TEXT = "Dear friend, this is a long letter about nothing. " * 20


def shown(page: Playground) -> str:
    """Return all text of the editor, ghost text and hint too."""
    return page.page.locator(".cm-content").inner_text().strip("\n")


def test_emptied_page_shows_its_hint(page: Playground) -> None:
    """A page that was emptied shows the hint, and nothing beside it."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.press("Control+a", "Delete")
    page.wait(lambda: shown(page), lambda text: text == "Write here")
    page.wait(page.bars, lambda bars: page.page.locator("#bars.stale").count() == 0)
    assert shown(page) == "Write here"


def test_ghost_text_replaces_hint(chromium: Browser, scripted: str) -> None:
    """In an empty text, ghost text stands in place of the hint."""

    def give_ghost(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        asked: list[Any] = []

        def to_server(message: str | bytes) -> None:
            if (sent := json.loads(message)).get("method") == "textDocument/inlineCompletion":
                asked.append(sent["id"])
            server.send(message)

        def to_page(message: str | bytes) -> None:
            if (answer := json.loads(message)).get("id") in asked:
                answer["result"] = {"items": [{"insertText": "Write"}]}
            route.send(json.dumps(answer))

        route.on_message(to_server)
        server.on_message(to_page)

    context = chromium.new_context()
    context.route_web_socket("**/lsp", give_ghost)
    page = Playground(context.new_page(), scripted)
    page.wait_for_ghost("Write")
    assert shown(page) == "Write"
    context.close()


def test_word_bars_match_menu(page: Playground) -> None:
    """The next words are those of the menu, with their probabilities; a click inserts one."""
    page.type("hello wo")
    words = page.wait(page.words)
    page.press("Control+Space")
    options = page.page.locator(".cm-tooltip-autocomplete li")
    options.first.wait_for()
    offered = options.evaluate_all("all => all.map(one => [...one.children].map(x => x.innerText))")
    page.press("Escape")
    assert [word["text"] for word in words] == [label for label, _ in offered][: len(words)]
    assert words[0]["text"].startswith("world")
    assert words[0]["probability"] > 0.5
    assert "scripted" in words[0]["title"]
    page.page.locator("#words button").first.click()
    page.wait(page.text, lambda text: text == "hello " + words[0]["text"])
    (accepted,) = page.commands("foretype.accepted")
    assert (accepted["kind"], accepted["characters"]) == ("word", len(words[0]["text"]) - len("wo"))


def test_ghost_word_is_marked(page: Playground) -> None:
    """The bar of the word that begins the ghost text is marked, and no other."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    words = page.wait(page.words, lambda words: any(word["grey"] for word in words))
    (marked,) = [word["text"] for word in words if word["grey"]]
    assert (page.text() + page.ghost()).startswith(marked)
    assert "grey text" in next(word["title"] for word in words if word["grey"])


def test_bars_work_by_keyboard(page: Playground) -> None:
    """Enter on a bar inserts its character, and the focus stays on the bars."""
    page.type("hell")
    page.wait(page.bars, lambda bars: bool(bars) and bars[0]["text"] == "o")
    page.page.locator("#bars button").first.focus()
    page.press("Enter")
    page.wait_for_text("hello")
    page.wait(page.bars, lambda bars: bars[0]["text"] == "␣")
    page.press("Enter")
    page.wait_for_text("hello ")
    assert page.page.evaluate("document.activeElement.closest('#bars') !== null")


def test_phone_accepts_by_touch(chromium: Browser, tmp_path_factory: Any) -> None:
    """At the width of a phone, ghost text is in view, and buttons accept and dismiss it."""
    home = tmp_path_factory.mktemp("home")
    with (
        serving_with(home, SCRIPTED, text=TEXT + "hello") as address,
        opened(chromium, address, **PHONE) as page,
    ):
        page.wait_for_ghost(" world again")
        page.wait(lambda: page.page.evaluate(INSIDE))
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        accept = page.page.locator("#accept")
        box = accept.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 844
        assert box["height"] >= 44
        page.page.locator("#accept-word").tap()
        page.wait(page.text, lambda text: text.endswith("hello world"))
        page.wait_for_ghost(" again")
        assert page.page.evaluate("document.activeElement.className").startswith("cm-content")
        accept.tap()
        page.wait(page.text, lambda text: text.endswith("hello world again"))
        page.wait_for_ghost("")
        assert accept.get_attribute("aria-disabled") == "true"
        page.type("\nhello")
        page.wait_for_ghost(" world again")
        page.page.locator("#dismiss").tap()
        page.wait_for_ghost("")
        assert page.errors == []


def test_text_near_cursor_is_first(page: Playground) -> None:
    """After 8 kB are pasted, the text at the cursor is tinted first, and then the rest."""
    line = "Every line of the long text differs a little, as number {} shows.\n"
    text = "".join(map(line.format, range(120)))
    page.paste(text)
    page.wait(lambda: page.page.locator(".cm-line:nth-last-child(2) .scored").count() > 0)
    line_of = {at: len(text[:at].splitlines()) for at in (len(text) - NEAR, len(text))}
    asked = [one["range"] for one in page.commands("foretype.outlook") if one.get("range")]
    assert asked[0]["start"]["line"] >= line_of[len(text) - NEAR] - 1
    first = page.page.locator(".scored").evaluate_all("marks => marks.length")
    # The view has only the lines in sight.
    page.wait(lambda: page.page.locator("#characters").inner_text(), lambda text: "2,0" in text)
    assert first < 2000
    assert page.page.locator(".missed").count() == 0


def test_reduced_motion_is_respected(chromium: Browser, scripted: str) -> None:
    """Bars do not move for people who asked for less motion."""
    for motion, seconds in (("no-preference", "0.16s"), ("reduce", "0s")):
        with opened(chromium, scripted, reduced_motion=motion) as page:
            page.type("hello")
            page.page.locator("#bars .bar").first.wait_for(state="attached")
            found = page.page.locator("#bars .bar").first.evaluate(
                "bar => getComputedStyle(bar).transitionDuration"
            )
            assert found == seconds
