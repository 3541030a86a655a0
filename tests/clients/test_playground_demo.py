"""The demonstration on the playground in Chromium: examples, replay, switches and pictures."""

from __future__ import annotations

import io
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from foretype_model.store.store import BUNDLED

from . import browser
from .playground import PATIENT, Playground, opened, serving_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing())),
    pytest.mark.timeout(300),  # a busy machine
]

TEXT = "hello world again, hello world again"
NAMED = "Wainwright, " * 8
SVG = "{http://www.w3.org/2000/svg}"


def told(page: Playground, name: str) -> str:
    """Return the text of an element."""
    return page.page.locator(f"#{name}").inner_text()


def write(page: Playground, text: str) -> None:
    """Paste a text, and wait until it is scored."""
    page.paste(text)
    page.wait(page.untinted, lambda count: count == 0)


def bits(page: Playground) -> str:
    """Return the bits per character of the whole text, once all of it is scored."""
    page.wait(page.untinted, lambda count: count == 0)
    page.wait(lambda: page.page.locator(".outdated").count(), lambda count: count == 0)
    return told(page, "bits")


def keys_after_replay(page: Playground) -> str:
    """Replay the text, and return the keys and characters counted."""
    text = page.text()
    page.page.locator("#replay").click()
    page.wait(lambda: told(page, "said"), lambda said: said.startswith("Replayed"))
    assert page.text() == text
    return told(page, "keys-pressed")


def saved(page: Playground, kind: str) -> bytes:
    """Return the picture that the page saves."""
    with page.page.expect_download() as download:
        page.page.locator(f"#save-{kind}").click()
    assert download.value.suggested_filename == f"foretype.{kind}"
    return Path(download.value.path()).read_bytes()


def test_saved_keys_count_typing(page: Playground) -> None:
    """The keys of typing and accepting are counted, and pasted text is not."""
    page.paste("pasted ")
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.press("Tab")
    page.wait_for_text("pasted hello world again")
    assert told(page, "keys-pressed") == "6 keys for 17"
    assert told(page, "saved") == "65 %"
    page.press("Backspace", "Enter")
    assert told(page, "keys-pressed") == "8 keys for 18"


def test_example_replaces_text_undoably(page: Playground) -> None:
    """An example replaces the text, in its own language, and Ctrl-Z brings the text back."""
    page.type("my own text")
    page.page.select_option("#example", "python")
    page.wait(page.text, lambda text: "import sys" in text)
    page.wait(lambda: len(page.messages("textDocument/didOpen")), lambda count: count == 2)
    opened_document = page.messages("textDocument/didOpen")[-1]["textDocument"]
    assert opened_document["languageId"] == "python"
    page.wait(page.bars)
    page.press("Control+z")
    page.wait_for_text("my own text")


def test_examples_are_in_sight(page: Playground) -> None:
    """Each example is a text of its own, and the blank page has none."""
    texts = set()
    keys = page.page.locator("#example option").evaluate_all("all => all.map(one => one.value)")
    for key in filter(None, keys):
        page.page.select_option("#example", key)
        texts.add(page.text())
    assert len(texts) == len(list(filter(None, keys))) >= 7
    assert "" in texts


def test_replay_saves_keys(page: Playground) -> None:
    """The replay types the same text with fewer keys, counts them, and is right in its count."""
    write(page, TEXT)
    counted = keys_after_replay(page)
    match = re.fullmatch(r"(\d+) keys for (\d+)", counted)
    assert match
    keys, characters = map(int, match.groups())
    assert characters == len(TEXT)
    assert 3 <= keys < len(TEXT) / 2
    assert told(page, "saved") == f"{round(100 * (1 - keys / characters))} %"


def test_replay_begins_without_knowledge(page: Playground) -> None:
    """A second replay needs about as many keys as the first: its predictors know nothing of the
    text, which ghost text would complete in a few keys otherwise.
    """
    write(page, NAMED)
    first, second = (int(keys_after_replay(page).split()[0]) for _ in range(2))
    assert 12 < first < len(NAMED) / 2
    assert second > 0.8 * first


def test_demonstration_is_no_typing(chromium: Browser, tmp_path: Path) -> None:
    """An accepted text of a demonstration enters no statistics, and the network learns nothing."""
    with (
        serving_with(tmp_path / "home", PATIENT, text="hello") as address,
        opened(chromium, address) as page,
    ):
        page.wait(page.bars)
        first = page.messages("initialize")[0]["initializationOptions"]
        assert "countUsage" not in first
        page.page.select_option("#example", "welcome")
        page.wait(lambda: len(page.messages("initialize")), lambda count: count == 2)
        demo = page.messages("initialize")[1]["initializationOptions"]
        assert demo["countUsage"] is False
        assert demo["predictors"]["network"] == {"learn": False}
        page.wait(page.ghost, lambda ghost: ghost.startswith("Philippa"))
        page.press("Tab")
        page.page.select_option("#example", "blank")
        page.wait(lambda: len(page.messages("initialize")), lambda count: count == 3)
        blank = page.messages("initialize")[2]["initializationOptions"]
        assert "countUsage" not in blank
        assert blank["predictors"]["network"] == {}
        page.wait(page.bars)
    assert not list((tmp_path / "home").rglob("*.npy"))
    for file in (tmp_path / "home").glob("statistics.sqlite"):
        with closing(sqlite3.connect(file)) as database:
            # The first text and the blank page were shown offers, of which none was accepted.
            assert database.execute("select sum(accepted) from counts").fetchone() == (0,)


def test_replay_pauses_and_stops(page: Playground) -> None:
    """Pause holds the replay, Resume continues it, and Stop puts in the rest of the text."""
    whole = "abc def ghi jkl mno pqr stu vwx " * 20
    write(page, whole)
    replay, stop = page.page.locator("#replay"), page.page.locator("#stop")
    assert stop.is_hidden()
    replay.click()
    page.wait(page.text, lambda text: 3 < len(text) < 600)
    replay.click()
    assert replay.inner_text() == "Resume"
    page.page.wait_for_timeout(1000)
    text = page.text()
    page.page.wait_for_timeout(1000)
    assert page.text() == text
    replay.click()
    page.wait(page.text, lambda now: len(now) > len(text))
    stop.click()
    page.wait(lambda: told(page, "said"), lambda said: "stopped" in said)
    assert replay.inner_text() == "Replay"
    assert stop.is_hidden()
    assert page.text() == whole
    assert int(told(page, "keys-pressed").split()[-1]) < len(whole)


def test_typing_ends_the_replay(page: Playground) -> None:
    """Typing during a replay ends it, and loses neither text."""
    whole = "abc def ghi jkl mno pqr stu vwx " * 20
    write(page, whole)
    page.page.locator("#replay").click()
    page.wait(page.text, lambda text: 3 < len(text) < 600)
    page.page.locator(".cm-content").focus()
    page.type("MINE")
    page.wait(lambda: told(page, "said"), lambda said: "stopped" in said)
    assert page.text().replace("MINE", "") == whole


def test_predictors_are_switched(page: Playground) -> None:
    """Without `copy`, the repeated name has other tints and costs more bits; with it, as before."""
    write(page, NAMED)
    with_copy = bits(page)
    tint = page.page.locator(".scored").last
    assert "--predictor-1" in tint.get_attribute("style")
    copy, other = (page.page.locator(f"#predictors [name={name}]") for name in ("copy", "scripted"))
    copy.uncheck()
    page.wait(lambda: told(page, "bits"), lambda now: float(now) > 2 * float(with_copy))
    without = bits(page)
    assert float(without) > 2 * float(with_copy)
    assert "--predictor-1" not in tint.get_attribute("style")
    assert all("copy" not in bar["title"] for bar in page.bars())
    assert f"{with_copy} before" in told(page, "characters")
    assert other.is_disabled()
    copy.check()
    page.wait(lambda: bits(page), lambda now: now == with_copy)
    assert other.is_enabled()


def test_model_is_chosen(chromium: Browser, tmp_path: Path) -> None:
    """The models on this machine are offered, and the chosen one answers."""
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    shutil.copyfile(BUNDLED, models / "mine.onnx")
    with (
        serving_with(tmp_path / "home", PATIENT, text="The quick brown fox jum") as address,
        opened(chromium, address) as page,
    ):
        model = page.page.get_by_label("Model")
        page.wait(lambda: model.locator("option").all_inner_texts(), lambda names: len(names) == 2)
        assert model.locator("option").all_inner_texts() == ["default", "mine"]
        before = bits(page)
        model.select_option("mine")
        assert bits(page) == before  # the same model by another name
        configured = page.messages("workspace/didChangeConfiguration")[-1]["settings"]["foretype"]
        assert configured["model"] == "mine"
        assert page.bars()[0]["text"] == "p"
        assert page.errors == []


def test_picture_shows_text_and_savings(page: Playground) -> None:
    """The saved SVG has the text, its tints and the keys saved, and refers to nothing outside."""
    page.type("hello")
    page.wait_for_ghost(" world again")
    page.press("Tab")
    page.type(" <&>\nsecond line")
    page.wait(page.untinted, lambda count: count == 0)
    data = saved(page, "svg")
    root = ET.fromstring(data)
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert texts[:2] == ["hello world again <&>", "second line"]
    assert any("% of keys saved" in str(text) for text in texts)
    assert f"{told(page, 'keys-pressed')} characters" in texts
    assert f"{told(page, 'bits')} bits per character" in " ".join(map(str, texts))
    tints = [one for one in root.iter(f"{SVG}rect") if one.get("fill-opacity") != "1"]
    assert len(tints) >= len("hello world again <&>second line")
    assert data.count(b"http") == 1
    assert b"href" not in data


def test_picture_is_a_png(page: Playground) -> None:
    """The saved PNG is the same picture at twice the size, with the tints of the text."""
    pillow = pytest.importorskip("PIL.Image")
    page.type("hello world")
    page.wait(page.untinted, lambda count: count == 0)
    root = ET.fromstring(saved(page, "svg"))
    with pillow.open(io.BytesIO(saved(page, "png"))) as image:
        assert image.size == (2 * int(root.get("width", 0)), 2 * int(root.get("height", 0)))
        tinted = image.convert("RGB")
        assert len({tinted.getpixel((x, 140)) for x in range(128, 400)}) > 4
        assert tinted.getpixel((4, 4)) == (255, 255, 255)


def test_long_text_has_a_picture(page: Playground) -> None:
    """The picture of a long text has the lines around the cursor, none of them cut."""
    page.paste("".join(f"line {number}\n" for number in range(300)))
    page.type("the end")
    page.wait(lambda: page.page.locator(".scored").count())
    root = ET.fromstring(saved(page, "svg"))
    texts: list[Any] = [one.text for one in root.iter(f"{SVG}text")]
    assert "the end" in texts
    assert "line 299" in texts
    assert "line 100" not in texts
