"""A file that redirects the browser to the page, whose address contains a secret.

All users of a machine can read the arguments of a program, but only the owner can read this file.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from foretype_model.files.atomic import atomic_write
from foretype_model.files.permissions import PLAYGROUND_FOLDER
from foretype_model.store.store import data_folder

REDIRECT_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>Foretype</title>
<p><a href="{address}">Open the playground of Foretype</a></p>
</html>
"""


@contextmanager
def redirect_file(address: str) -> Iterator[str]:
    """Write the file, yield its URL, and delete the file at the end of the block.

    Raises:
        OSError: it cannot be written.
    """
    path = data_folder().absolute() / PLAYGROUND_FOLDER / f"{os.getpid()}.html"
    with atomic_write(path) as partial:
        partial.write_text(REDIRECT_PAGE.format(address=html.escape(address)), "utf-8")
    try:
        yield path.as_uri()
    finally:
        path.unlink(missing_ok=True)
