"""Record the page of `foretype playground` in Chromium: `python -m docs.pictures.playground`.

A typist writes a sentence on the page, with Tab when the ghost text is right; then the slider of
the temperature moves. The browser reports the frames that it paints and their times.
"""

from __future__ import annotations

import base64
import io
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageChops
from tests.clients import browser
from tests.clients.playground import FORETYPE, MOVE, Playground, opened, serving

from foretype_model.files.atomic import atomic_write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURE: Final = Path(__file__).with_name("playground.gif")
WINDOW: Final = {"width": 1100, "height": 600}
COLOURS: Final = 96
SECONDS_PER_KEY: Final = (0.12, 0.24)
SECONDS_TO_READ: Final = 0.6
LEAST_SECONDS: Final = 0.08
"""Seconds of the shortest frame in the picture: browsers show no GIF faster than 20 ms a frame, and
each frame costs 2 to 10 kB."""
LAST_SECONDS: Final = 3.0

BEGINNING: Final = (
    "Philippa Wainwright keeps the key of the observatory on Quillfeather Hill. It is open on "
    "Sundays, and everybody is welcome there.\n\n"
)
SENTENCE: Final = "Please ask Philippa Wainwright for the key of the "
TEMPERATURES: Final = ("0.2", "0.4", "0.6", "0.8", "1")


@dataclass(frozen=True)
class Frame:
    """A picture of the page, and its time in seconds."""

    seconds: float
    image: Image.Image


class Film:
    """All frames of a page that the browser paints."""

    def __init__(self, page: Any) -> None:
        self.frames: list[Frame] = []
        self.session = page.context.new_cdp_session(page)
        self.session.on("Page.screencastFrame", self._add)
        self.session.send("Page.startScreencast", {"format": "png"})

    def _add(self, event: dict[str, Any]) -> None:
        self.session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})
        image = Image.open(io.BytesIO(base64.b64decode(event["data"]))).convert("RGB")
        self.frames.append(Frame(event["metadata"]["timestamp"], image))


def wait(page: Playground, seconds: float) -> None:
    """Wait while the page paints."""
    page.page.wait_for_timeout(1000 * seconds)


def write(page: Playground) -> None:
    """Type the sentence; press Tab if all of the ghost text is right, Ctrl-Right if a word is."""
    human, remaining = random.Random(2), SENTENCE
    while remaining:
        wait(page, human.uniform(*SECONDS_PER_KEY))
        offered = page.ghost()
        word = offered[: len(offered) - len(offered.lstrip()) + len((offered.split() or [""])[0])]
        for key, text in (("Tab", offered), ("Control+ArrowRight", word)):
            if len(text) > 1 and remaining.startswith(text):
                wait(page, SECONDS_TO_READ)
                before = page.text()
                page.press(key)
                wait(page, 0.2)
                remaining = remaining[len(page.text()) - len(before) :]
                break
        else:
            page.page.keyboard.type(remaining[0])
            remaining = remaining[1:]


def recorded(chromium: Browser, address: str) -> list[Frame]:
    """Return the frames of one visit to the page."""
    with opened(chromium, address, color_scheme="light") as page:
        page.page.set_viewport_size(WINDOW)
        page.wait(page.untinted, lambda count: count == 0)
        page.press("Control+End")
        wait(page, 1.5)
        film = Film(page.page)
        write(page)
        wait(page, 1.0)
        for temperature in TEMPERATURES:
            page.page.evaluate(MOVE, ["temperature", temperature])
            wait(page, 0.35)
        wait(page, 1.0)
        return film.frames


def visible(frames: list[Frame]) -> list[Frame]:
    """Return the frames that changed something and lasted long enough to be seen."""
    seen: list[Frame] = []
    for frame, after in zip(frames, [*frames[1:], None], strict=True):
        if after and after.seconds - frame.seconds < LEAST_SECONDS:
            continue
        if not seen or ImageChops.difference(seen[-1].image, frame.image).getbbox():
            seen.append(frame)
    return seen


def save(frames: list[Frame], path: Path) -> None:
    """Write an animated GIF whose frames share one palette."""
    palette = frames[-1].image.quantize(COLOURS)
    images = [frame.image.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    ends = [*(frame.seconds for frame in frames[1:]), frames[-1].seconds + LAST_SECONDS]
    durations = [1000 * (end - frame.seconds) for end, frame in zip(ends, frames, strict=True)]
    with atomic_write(path) as unfinished:
        images[0].save(
            unfinished, format="GIF", save_all=True, append_images=images[1:],
            duration=[round(duration / 10) * 10 for duration in durations], loop=0, optimize=False,
        )  # fmt: skip
    path.chmod(0o644)


def main() -> None:
    """Record the page and write the picture."""
    if missing := browser.missing():
        raise SystemExit(missing)
    with tempfile.TemporaryDirectory() as folder, browser.launch() as chromium:
        text = Path(folder) / "observatory.txt"
        text.write_text(BEGINNING)
        command = (FORETYPE, "playground", str(text), "--no-open")
        with serving(Path(folder) / "home", *command) as (address, _):
            frames = visible(recorded(chromium, address))
    save(frames, PICTURE)
    print(f"{PICTURE}: {len(frames)} frames, {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
