"""Compile the kernels when Foretype is installed, and make README.md the long description.

Without a compiler, ONNX Runtime serves and torch trains. The long description is readable without
the repository.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.tags import sys_tags


class Kernel(NamedTuple):
    """A library in C: the folder of its sources, and its file's name.

    Attributes:
        sources: the files that its checksum is taken of.
        compiled: those of them that the compiler is given.
        without: a macro that leaves out what some compilers and assemblers do not know; none if
            there is nothing of the kind.
    """

    folder: str
    library: str
    sources: tuple[str, ...]
    compiled: tuple[str, ...]
    without: str


KERNEL = Kernel(
    "model/foretype_model/predictors/network/kernel",
    "libforetype.so",
    ("kernel.c", "step.h"),
    ("kernel.c",),
    "WITHOUT_AVX_VNNI",
)
NGRAMS_KERNEL = Kernel(
    "model/foretype_model/predictors/ngrams/kernel",
    "libforetypengrams.so",
    ("ngrams.c",),
    ("ngrams.c",),
    "",
)
MIXER_KERNEL = Kernel(
    "model/foretype_model/predictors/mixer_kernel",
    "libforetypemixer.so",
    ("mixer.c",),
    ("mixer.c",),
    "",
)
TRAINING_KERNEL = Kernel(
    "model/foretype_model/training/kernel",
    "libforetypetraining.so",
    ("gru.c", "rows.c"),
    ("gru.c", "rows.c"),
    "WITHOUT_BFLOAT16",
)
KERNELS = (KERNEL, NGRAMS_KERNEL, MIXER_KERNEL, TRAINING_KERNEL)
# Contractions would make a number depend on how it is computed, as one of many or alone.
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
)

RELATIVE_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)]+)\)")
"""In Markdown: whether it is an image, its text and its target."""


class LongDescription(MetadataHookInterface):
    """Makes README.md the long description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling before it builds anything."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {"content-type": "text/markdown", "text": standalone(text, source)}


def standalone(text: str, source: str | None) -> str:
    """Return `text` without links that lead nowhere on the page of a package index.

    With the address of the repository on GitHub they become absolute. Without one, images are left
    out and links become their text.
    """

    def replaced(match: re.Match[str]) -> str:
        image, words, target = match.groups()
        if source:
            return f"{image}[{words}]({source}/{'raw' if image else 'blob'}/HEAD/{target})"
        return "" if image else words

    return RELATIVE_LINK.sub(replaced, text)


class CustomBuildHook(BuildHookInterface):
    """Puts the compiled kernel beside its source and into the wheel, which then is for this
    platform alone.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds a wheel or an editable installation."""
        for kernel in KERNELS:
            if trouble := compiled(kernel, Path(self.root) / kernel.folder):
                self.app.display_warning(
                    f"No {kernel.library}: {trouble}. Foretype works without it, slower."
                )
                continue
            build_data["artifacts"].append(f"{kernel.folder}/{kernel.library}")
            build_data["pure_python"] = False
            # Neither Python's version nor its ABI matters to a library that ctypes loads.
            build_data["tag"] = f"py3-none-{platform()}"


def platform() -> str:
    """As wheels name it; not one of those that promise to run elsewhere, which nobody has
    checked.
    """
    return next(
        tag.platform
        for tag in sys_tags()
        if "manylinux" not in tag.platform and "musllinux" not in tag.platform
    )


def compiled(kernel: Kernel, folder: Path) -> str:
    """Compile a kernel in its folder; what stands in the way, or nothing."""
    compiler = os.environ.get("CC") or next(filter(shutil.which, candidates()), None)
    if compiler is None:
        return "there is no C compiler"
    sources = b"".join((folder / name).read_bytes() for name in kernel.sources)
    partial = folder / kernel.library.replace(".so", ".new")
    command = [
        *shlex.split(compiler),
        *FLAGS,
        f"-DFORETYPE_SOURCE={zlib.crc32(sources)}u",
        "-shared",
        "-fPIC",
    ]
    # From within its folder: on macOS, a library holds the path that the compiler was told to write
    # it to.
    command += ["-o", partial.name, *kernel.compiled, "-lm"]
    if sys.platform == "win32" and "clang" not in compiler:
        # GCC does not align the stack for vectors there, and takes it for aligned.
        command.append("-Wa,-muse-unaligned-vector-move")
    try:
        # Some compilers do not know the newest instructions, and some know them whose assembler
        # does not.
        if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
            command += [f"-D{kernel.without}"] if kernel.without else []
            subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        # Not written over: it may be at work.
        partial.replace(folder / kernel.library)
    except subprocess.CalledProcessError as error:
        return f"{compiler} failed: {(error.stderr.splitlines() or ['it did not say why'])[0]}"
    except OSError as error:
        return f"{compiler} failed: {error}"
    return ""


def candidates() -> list[str]:
    """Compilers, the one that Python was built by first, without its options."""
    own = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    return [*own, "cc", "gcc", "clang"] if sys.platform != "win32" else ["clang", "gcc"]
