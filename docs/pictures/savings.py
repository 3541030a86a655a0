"""Plot the keys saved by Foretype and two alternatives: `python -m docs.pictures.savings`.

An ideal typist typed the first 400 characters of each file through the Language Server Protocol,
with one of three servers: a list of the words in the open documents, Foretype with its default
model, and SmolLM2-135M (Instruct, Q4_1) run by llama.cpp on one thread, which kept its cache of
keys and values, backed off the last token and was given the other files of the project. The typist
accepts an offer by one key if it is right and at least two characters long. Prose: a novel by
Jerome K. Jerome, a page of the 18F handbook, PEP 836 and a page of the attrs documentation, which
no model of Foretype has read. Python: two modules of sqlite-utils 3.38 with the rest of that
project as the workspace. The typist takes a space at the end of an offer back before
punctuation. The machine was two cores of a shared server.

`foretype evaluate FILE... --max-chars 400` makes the first two rows of a panel for other files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from foretype_model.files.atomic import atomic_write

PICTURE: Final = Path(__file__).with_name("savings.svg")
WIDTH, ROW, BAR, LEFT = 860, 46, 15, 190
SCALE: Final = 6.4
"""Pixels per percent of the keys."""
MENU, GHOST, PEER_MENU, PEER_GHOST = "#3f6bd8", "#a9bff2", "#8a919e", "#c9cdd5"
STYLE: Final = (
    "text{font:14px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2430}"
    ".head{font-weight:600;font-size:16px}.pale{fill:#6b7280;font-size:13px}.own{font-weight:600}"
)


@dataclass(frozen=True)
class System:
    """A server and its figures.

    Attributes:
        menu, ghost: keys saved, in percent, with the first five items of the menu or with the
            ghost text; None if it has none.
        milliseconds: median time until an answer for the menu.
        megabytes: maximum resident memory.
    """

    name: str
    menu: float
    ghost: float | None
    milliseconds: float
    megabytes: int


PANELS: Final = {
    "English prose that Foretype has not read": [
        System("Word completion", 5.1, None, 0.1, 14),
        System("Foretype", 46.9, 35.0, 14, 127),
        System("Local LLM (135 M)", 51.8, 40.6, 103, 271),
    ],
    "Python, with its project open": [
        System("Word completion", 18.2, None, 0.1, 14),
        System("Foretype", 62.0, 58.2, 17, 134),
        System("Local LLM (135 M)", 52.0, 49.6, 122, 271),
    ],
}


def bar(y: float, percent: float, colour: str) -> str:
    """Return a bar and its figure."""
    width = percent * SCALE
    return (
        f'<rect x="{LEFT}" y="{y:g}" width="{width:g}" height="{BAR}" rx="2" fill="{colour}"/>'
        f'<text class="pale" x="{LEFT + width + 6:g}" y="{y + 12:g}">{percent:g} %</text>'
    )


def system(y: float, one: System) -> str:
    """Return the bars and figures of a system."""
    is_foretype = one.name == "Foretype"
    style = ' class="own"' if is_foretype else ""
    menu, ghost = (MENU, GHOST) if is_foretype else (PEER_MENU, PEER_GHOST)
    answer = f"{one.milliseconds:g} ms, {one.megabytes} MB"
    return "".join([
        f'<text x="20" y="{y + 20:g}"{style}>{escape(one.name)}</text>',
        bar(y, one.menu, menu),
        bar(y + BAR + 2, one.ghost, ghost) if one.ghost is not None else "",
        f'<text class="pale" x="{WIDTH - 20}" y="{y + 20:g}" text-anchor="end">{answer}</text>',
    ])  # fmt: skip


def drawn() -> str:
    """Return the picture as SVG."""
    y, parts = 68.0, []
    for title, systems in PANELS.items():
        parts.append(f'<text class="head" x="20" y="{y:g}">{escape(title)}</text>')
        parts += [system(y + 16 + i * ROW, one) for i, one in enumerate(systems)]
        y += len(systems) * ROW + 54
    key = (
        f'<rect x="{LEFT}" y="17" width="14" height="14" rx="2" fill="{MENU}"/>'
        f'<text class="pale" x="{LEFT + 20}" y="29">keys saved with the menu</text>'
        f'<rect x="{LEFT + 200}" y="17" width="14" height="14" rx="2" fill="{GHOST}"/>'
        f'<text class="pale" x="{LEFT + 220}" y="29">with ghost text</text>'
        f'<text class="pale" x="{WIDTH - 20}" y="29" text-anchor="end">answer, memory</text>'
    )
    title = "Keys saved by word completion, Foretype and a local language model"
    height = y - 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" role="img"><title>{title}</title>'
        f'<style>{STYLE}</style><rect width="100%" height="100%" rx="8" fill="#ffffff"/>'
        f"{key}{''.join(parts)}</svg>\n"
    )


def main() -> None:
    """Write the picture."""
    with atomic_write(PICTURE) as unfinished:
        unfinished.write_text(drawn())
    PICTURE.chmod(0o644)


if __name__ == "__main__":
    main()
