"""The build compiles the kernel; without a compiler, the installation succeeds all the same."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from foretype_model.predictors.network import kernel

ROOT = Path(__file__).parents[4]
POSIX = os.name == "posix"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """hatch_build.py, which is imported by hatchling alone."""
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copy_sources(kernel, folder: Path) -> None:
    """The sources of a kernel, without the library compiled from them."""
    shutil.copytree(ROOT / kernel.folder, folder, ignore=lambda *_: [kernel.library])


@pytest.mark.parametrize(
    ("compiler", "told"),
    [("false", "did not say why"), ("no-such-compiler", "No such file"), ("", "no C compiler")],
)
def test_installation_survives_missing_compiler(build, monkeypatch, tmp_path, compiler, told):
    """Without a working compiler, the installation succeeds with a warning."""
    monkeypatch.setenv("CC", compiler)
    if not compiler:
        monkeypatch.delenv("CC")
        monkeypatch.setenv("PATH", str(tmp_path))
    warnings: list[str] = []
    for each in build.KERNELS:
        copy_sources(each, tmp_path / each.folder)
    app = SimpleNamespace(display_warning=warnings.append)
    hook = build.CustomBuildHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel", app)
    made = {"artifacts": []}
    hook.initialize("standard", made)
    assert made == {"artifacts": []}, "a wheel for every platform"
    assert told in warnings[0]
    assert "Foretype works without" in warnings[0]
    assert not list(tmp_path.rglob("libforetype*"))


def test_library_holds_no_build_path(build, monkeypatch, tmp_path):
    """The compiler's command does not depend on the folder of the build."""
    tells = (
        "import pathlib, sys; pathlib.Path(sys.argv[sys.argv.index('-o') + 1]).write_text(' "
        "'.join(sys.argv))"
    )
    monkeypatch.setenv("CC", shlex.join([sys.executable, "-c", tells]))
    told = []
    for folder in (tmp_path / "here", tmp_path / "a longer name"):
        copy_sources(build.KERNEL, folder)
        assert build.compiled(build.KERNEL, folder) == ""
        told.append((folder / "libforetype.so").read_text("utf-8"))
    assert told[0] == told[1]
    assert "kernel.c" in told[0]


@pytest.mark.skipif(kernel.library() is None, reason="installed without a C compiler")
def test_old_compiler_omits_newest_level(build, monkeypatch, tmp_path):
    """A compiler without AVX-VNNI builds all other levels."""
    knows_less = (
        "import subprocess, sys; sys.exit('-DWITHOUT_AVX_VNNI' not in sys.argv or "
        "subprocess.call({} + sys.argv[1:]))"
    )
    real = next(filter(shutil.which, build.candidates()))
    monkeypatch.setenv("CC", shlex.join([sys.executable, "-c", knows_less.format([real])]))
    folder = tmp_path / "kernel"
    copy_sources(build.KERNEL, folder)
    assert build.compiled(build.KERNEL, folder) == ""
    made = kernel.library(folder / "libforetype.so")
    assert made is not None
    levels = [isa for isa in kernel.IsaLevel if isa != kernel.IsaLevel.NONE]
    assert [isa for isa in kernel.supported_isas() if isa != kernel.IsaLevel.AVX_VNNI] == [
        isa for isa in levels if made.foretype_supports(isa)
    ]
