"""The files of a folder or an archive, read in place: nothing is unpacked onto the disk."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import zstandard

from foretype_model.errors import CorpusError

MAX_WINDOW_BYTES = 2**27
"""Window of a .zst, in bytes: that of ``zstd --long=27``."""


SOURCES_FILE = "LICENSES/SOURCES.md"


def files_in(path: Path, max_bytes: int | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of a folder, or of a .tar.zst, .tar.gz or .deb, in no
    particular order.

    Names have slashes and begin below the folder, or below the one folder that an archive holds.
    Files larger than `max_bytes` bytes are left out, and so are LICENSES folders: they hold terms
    and no text.

    Raises:
        CorpusError: the folder or archive is missing or broken.
    """
    found = _of_folder(path, max_bytes) if path.is_dir() else _of_archive(path, max_bytes)
    for name, content in found:
        if "LICENSES" not in PurePosixPath(name).parts:
            yield name, content


def sources_file_of(path: Path) -> str:
    """Return the LICENSES/SOURCES.md of a folder or archive, its list of sources; nothing if there
    is none.

    Raises:
        CorpusError: the folder or archive is missing or broken.
    """
    if path.is_dir():
        listed = path / SOURCES_FILE
        return listed.read_text("utf-8") if listed.is_file() else ""
    return "".join(
        content.decode() for name, content in _of_archive(path, None) if name == SOURCES_FILE
    )


def _of_folder(folder: Path, max_bytes: int | None) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and (max_bytes is None or path.stat().st_size <= max_bytes):
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _of_archive(path: Path, max_bytes: int | None) -> Iterator[tuple[str, bytes]]:
    try:
        with _opened(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and (max_bytes is None or member.size <= max_bytes):
                    yield member.name.removeprefix("./").partition("/")[2], content.read()
    except (OSError, EOFError, tarfile.TarError, zstandard.ZstdError) as error:
        raise CorpusError(
            f"cannot read {path}: {error}; name a folder of text, a .tar.zst, a .tar.gz or a .deb"
        ) from None


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    if path.suffix == ".zst":
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        with (
            path.open("rb") as file,
            tarfile.open(fileobj=decompressor.stream_reader(file), mode="r|") as archive,
        ):
            yield archive
    elif path.suffix == ".deb":
        with tarfile.open(fileobj=io.BytesIO(_member(path, b"data.tar."))) as archive:
            yield archive
    else:
        with tarfile.open(path, mode="r|gz") as archive:
            yield archive


def _member(path: Path, name: bytes) -> bytes:
    """Return the content of the first member of an ar archive whose name begins with `name` (see
    deb(5)).

    A member is a header of 60 bytes, of which the first 16 are its name and those at 48 to 58 its
    size in decimal digits, and then its content, padded to an even size.

    Raises:
        EOFError: there is none.
    """
    with path.open("rb") as file:
        file.seek(len(b"!<arch>\n"))
        while len(header := file.read(60)) == 60 and header[48:58].strip().isdigit():
            size = int(header[48:58])
            if header.startswith(name):
                return file.read(size)
            file.seek(size + size % 2, io.SEEK_CUR)
    raise EOFError("it has no such part")
