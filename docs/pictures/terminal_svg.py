"""Write the screens of a terminal as an animated SVG, with the timing of the recording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

CELL_WIDTH: Final = 9.0
LINE_HEIGHT: Final = 20.0
PADDING: Final = 14.0
HEAD: Final = 34.0
"""Height of the title bar; all of these are in pixels."""
LAST_SECONDS: Final = 3.0
"""Seconds of the last screen before the recording restarts."""

FOREGROUND: Final = "#d4d7dd"
BACKGROUND: Final = "#16181d"
BASIC_COLOURS: Final = (
    "#16181d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d4d7dd",
    "#7b828f", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff",
)  # fmt: skip
ESCAPE: Final = re.compile(r"\x1b\[([\d;:]*)m")

STYLE: Final = (
    "text{font:15px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "white-space:pre;fill:%(foreground)s}"
    ".head{font:13px system-ui,sans-serif;fill:#9aa1ad}.figure{font-weight:600;fill:#d4d7dd}"
    "#frames{animation:play %(seconds).2fs step-end infinite}"
    "@keyframes play{%(keyframes)s}"
    # Without motion: the last screen, with the whole text.
    "@media(prefers-reduced-motion:reduce){#frames{animation:none;transform:translateY(%(last)spx)}}"
)


@dataclass(frozen=True)
class Screen:
    """One state of the terminal.

    Attributes:
        seconds: time since the start of the recording.
        lines: the lines, with the escape sequences of their colours.
        cursor: row and column, from 0.
        caption: text at the right end of the title bar.
    """

    seconds: float
    lines: tuple[str, ...]
    cursor: tuple[int, int]
    caption: str


@dataclass
class Pen:
    """The colours set by escape sequences."""

    foreground: str = FOREGROUND
    background: str | None = None
    bold: bool = False
    reverse: bool = False

    def read(self, codes: list[int]) -> None:
        """Apply the numbers of one escape sequence (ECMA-48, SGR)."""
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()  # type: ignore[misc]
            elif code in {1, 22}:
                self.bold = code == 1
            elif code in {7, 27}:
                self.reverse = code == 7
            elif code == 39:
                self.foreground = FOREGROUND
            elif code == 49:
                self.background = None
            elif code in {38, 48}:
                self._set(background=code == 48, colour=extended_colour(codes))
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.foreground = BASIC_COLOURS[code - 30 if code < 40 else code - 82]
            elif 40 <= code <= 47:
                self.background = BASIC_COLOURS[code - 40]

    def _set(self, *, background: bool, colour: str) -> None:
        if background:
            self.background = colour
        else:
            self.foreground = colour

    def colours(self) -> tuple[str, str | None]:
        """Return the foreground and background; None is the terminal's own background."""
        if self.reverse:
            return self.background or BACKGROUND, self.foreground
        return self.foreground, self.background


def extended_colour(codes: list[int]) -> str:
    """Remove a colour of 24 bits or of the palette of 256 from the front of `codes`; return it."""
    if codes.pop(0) == 2:
        red, green, blue = (codes.pop(0) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    index = codes.pop(0)
    if index < 16:
        return BASIC_COLOURS[index]
    if index >= 232:
        return "#" + 3 * f"{8 + 10 * (index - 232):02x}"
    levels = (0, 95, 135, 175, 215, 255)
    cube = index - 16
    return "#" + "".join(f"{levels[cube // place % 6]:02x}" for place in (36, 6, 1))


def row(line: str, pen: Pen) -> str:
    """Return the SVG of one line of the terminal, at the origin."""
    parts = ESCAPE.split(line)
    column, shapes, texts = 0, [], []
    for text, codes in zip(parts[::2], [*parts[1::2], None], strict=True):
        if text:
            foreground, background = pen.colours()
            x, width = column * CELL_WIDTH, len(text) * CELL_WIDTH
            if background:
                size = f'width="{width:g}" height="{LINE_HEIGHT:g}"'
                shapes.append(f'<rect x="{x:g}" {size} fill="{background}"/>')
            if text.strip():
                texts.append(run(text, x, foreground, bold=pen.bold))
            column += len(text)
        if codes is not None:
            pen.read([int(code or 0) for code in re.split("[;:]", codes)])
    return "".join(shapes + texts)


def run(text: str, x: float, colour: str, *, bold: bool) -> str:
    """Return the SVG of characters of one colour, each as wide as a cell in any font."""
    text = text.rstrip()
    spaces = len(text) - len(text.lstrip())
    start, text = x + spaces * CELL_WIDTH, text.lstrip()
    style = f' style="fill:{colour}"' * (colour != FOREGROUND) + ' font-weight="700"' * bold
    width = f'textLength="{len(text) * CELL_WIDTH:g}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{start:g}" y="15" {width}{style}>{escape(text)}</text>'


def animated(screens: Sequence[Screen], title: str, description: str) -> str:
    """Return the recording: a strip of all screens that moves past a window of the size of one."""
    columns = max(len(ESCAPE.sub("", line)) for screen in screens for line in screen.lines)
    rows = len(screens[0].lines)
    width = columns * CELL_WIDTH + 2 * PADDING
    height = HEAD + rows * LINE_HEIGHT + 1.5 * PADDING
    seconds = screens[-1].seconds + LAST_SECONDS
    keyframes = "".join(
        f"{100 * screen.seconds / seconds:.3f}%{{transform:translateY({-i * height:g}px)}}"
        for i, screen in enumerate(screens)
    )
    style = STYLE % {
        "foreground": FOREGROUND, "seconds": seconds, "keyframes": keyframes,
        "last": f"{-(len(screens) - 1) * height:g}",
    }  # fmt: skip
    definitions, frames = strip(screens, width, height)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc><style>{style}</style>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        *(f'<circle cx="{x}" cy="17" r="5.5" fill="#3a3f4b"/>' for x in (20, 38, 56)),
        f'<text class="head" x="80" y="22">{escape(title)}</text>',
        f"<defs>{definitions}</defs>",
        f'<g id="frames">{frames}</g>',
        "</svg>\n",
    ])  # fmt: skip


def strip(screens: Sequence[Screen], width: float, height: float) -> tuple[str, str]:
    """Return the distinct rows of all screens, and the screens, which refer to them."""
    names: dict[str, str] = {}
    frames = []
    for i, screen in enumerate(screens):
        pen = Pen()
        drawn = [row(line, pen) for line in screen.lines]
        uses = "".join(
            f'<use href="#{names.setdefault(line, f"r{len(names)}")}" y="{y * LINE_HEIGHT:g}"/>'
            for y, line in enumerate(drawn)
            if line
        )
        caption = f'<text class="head figure" x="{width - 16:g}" y="22" text-anchor="end">'
        frames.append(
            f'<g transform="translate(0 {i * height:g})">{caption}{escape(screen.caption)}</text>'
            f'<g transform="translate({PADDING:g} {HEAD:g})">{uses}{cursor(screen)}</g></g>\n'
        )
    definitions = "".join(f'<g id="{name}">{line}</g>\n' for line, name in names.items())
    return definitions, "".join(frames)


def cursor(screen: Screen) -> str:
    """Return the SVG of the cursor, a bar as in insert mode."""
    y, x = screen.cursor
    place = f'x="{x * CELL_WIDTH:g}" y="{y * LINE_HEIGHT + 1:g}"'
    return f'<rect {place} width="2" height="{LINE_HEIGHT - 2:g}" fill="#61afef"/>'


def changes(screens: Sequence[Screen]) -> Iterator[Screen]:
    """Yield the screens that differ from the one before them."""
    before: Screen | None = None
    for screen in screens:
        shown = (screen.lines, screen.cursor, screen.caption)
        if before is None or shown != (before.lines, before.cursor, before.caption):
            yield screen
            before = screen
