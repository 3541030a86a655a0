"""Record the page of `foretype playground` in Chromium: `python -m docs.pictures.playground`.

The page replays two sentences, which counts the keys saved; then the predictor `copy` is switched
off and on again. The browser reports the frames that it paints and their times.
"""

from __future__ import annotations

import base64
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy
from PIL import Image, ImageChops
from tests.clients import browser
from tests.clients.playground import FORETYPE, Playground, opened, serving

from foretype_model.files.atomic import atomic_write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURE: Final = Path(__file__).with_name("playground.gif")
WINDOW: Final = {"width": 1180, "height": 790}
COLOURS: Final = 64
TRANSPARENT: Final = COLOURS
"""The colour of unchanged pixels, which cost nearly nothing."""
LEAST_SECONDS: Final = 0.2
"""Seconds of the shortest frame in the picture: browsers show no GIF faster than 20 ms a frame, and
each frame costs 2 to 10 kB."""
LAST_SECONDS: Final = 3.0

TEXT: Final = (
    "Philippa Wainwright has the key of the observatory. "
    "Please ask Philippa Wainwright for the key."
)


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


def replay(page: Playground) -> None:
    """Have the page type its text again, and wait for the end."""
    page.page.locator("#replay").click()
    while not page.page.locator("#said").inner_text().startswith("Replayed"):
        wait(page, 0.2)


def switch_copy(page: Playground) -> None:
    """Switch the predictor `copy`, and wait until all of the text is scored without or with it."""
    page.page.locator("#predictors [name=copy]").click()
    page.wait(lambda: page.page.locator(".outdated").count(), lambda count: count == 0)
    page.wait(page.untinted, lambda count: count == 0)


def recorded(chromium: Browser, address: str) -> list[Frame]:
    """Return the frames of one visit to the page."""
    # Each frame of a transition would be a picture.
    how = {"color_scheme": "light", "reduced_motion": "reduce"}
    with opened(chromium, address, **how) as page:
        page.page.set_viewport_size(WINDOW)
        page.wait(page.untinted, lambda count: count == 0)
        wait(page, 1.5)
        film = Film(page.page)
        wait(page, 1.0)
        replay(page)
        wait(page, 2.0)
        for _ in range(2):
            switch_copy(page)
            wait(page, 2.0)
        return film.frames


def visible(frames: list[Frame]) -> list[Frame]:
    """Return the frames that changed something: the last one of each `LEAST_SECONDS`."""
    seen: list[Frame] = []
    for frame, after in zip(frames, [*frames[1:], None], strict=True):
        shown = seen[-1].seconds if seen else frame.seconds
        if after and after.seconds - max(shown, frame.seconds - LEAST_SECONDS) < LEAST_SECONDS:
            continue
        if not seen or ImageChops.difference(seen[-1].image, frame.image).getbbox():
            seen.append(frame)
    return seen


def save(frames: list[Frame], path: Path) -> None:
    """Write an animated GIF whose frames share one palette, and hold only what has changed."""
    palette = frames[-1].image.quantize(COLOURS, kmeans=2)
    images = [frame.image.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    ends = [*(frame.seconds for frame in frames[1:]), frames[-1].seconds + LAST_SECONDS]
    durations = [1000 * (end - frame.seconds) for end, frame in zip(ends, frames, strict=True)]
    with atomic_write(path) as unfinished:
        images[0].save(
            unfinished, format="GIF", save_all=True, append_images=map(changes, images, images[1:]),
            duration=[round(duration / 10) * 10 for duration in durations], loop=0, optimize=False,
            transparency=TRANSPARENT, disposal=1,
        )  # fmt: skip
    path.chmod(0o644)


def changes(before: Image.Image, after: Image.Image) -> Image.Image:
    """Return `after`, transparent where it is the same as `before`."""
    old, new = numpy.asarray(before), numpy.asarray(after)
    image = Image.fromarray(numpy.where(old == new, numpy.uint8(TRANSPARENT), new))
    image.putpalette([*(after.getpalette() or []), 0, 0, 0])
    return image


def main() -> None:
    """Record the page and write the picture."""
    if missing := browser.missing():
        raise SystemExit(missing)
    with tempfile.TemporaryDirectory() as folder, browser.launch() as chromium:
        text = Path(folder) / "observatory.txt"
        text.write_text(TEXT)
        command = (FORETYPE, "playground", str(text), "--no-open")
        with serving(Path(folder) / "home", *command) as (address, _):
            frames = visible(recorded(chromium, address))
    save(frames, PICTURE)
    print(f"{PICTURE}: {len(frames)} frames, {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
