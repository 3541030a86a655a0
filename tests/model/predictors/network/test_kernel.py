"""The native kernel equals ONNX Runtime, and survives inconsistent files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from tests.model.conftest import make_metadata, make_network

from foretype_model.errors import ModelError
from foretype_model.predictors.network import kernel, model_file, runtime
from foretype_model.predictors.network.runtime import Network, OnnxBackend, open_session
from foretype_model.store.store import BUNDLED
from foretype_model.training import onnx_file
from foretype_model.training.network import NGRAM_ROWS, Shape
from foretype_model.training.onnx_graph import Precision

NATIVE = kernel.library()
README = Path(__file__).parents[4] / "README.md"
needs_kernel = pytest.mark.skipif(NATIVE is None, reason="installed without a C compiler")
ISAS = kernel.supported_isas()
shapes = st.builds(
    Shape,
    st.just("gru"),
    st.integers(1, 90),
    st.just(1),
    st.integers(1, 40),
    st.integers(2, 6),
    st.sampled_from([0, 0, 1, 6]),
    st.sampled_from([NGRAM_ROWS, 2 * NGRAM_ROWS]),
    st.sampled_from([2, 1 << 18, 1 << 19]),
)
precisions = st.sampled_from(["int8", "int4"])
few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write_model(shape: Shape, folder: Path, seed: int = 0, precision: Precision = "int8") -> Path:
    path = folder / "m.onnx"
    onnx_file.write(make_network(shape, seed), make_metadata(shape), path, precision)
    return path


def without_seal(path: Path) -> bytes:
    """The content of a model file without its seal."""
    content = path.read_bytes()
    assert content == model_file.sealed(content[len(model_file.sealed(b"")) :])
    return content[len(model_file.sealed(b"")) :]


def by_session(path: Path) -> Network:
    session, metadata = open_session(path)
    return Network(OnnxBackend(session, metadata.word_rows), metadata)


def by_kernel(path: Path, isa: int) -> Network:
    content = model_file.read(path)
    assert kernel.is_supported(content.arrays)
    return Network(kernel.Kernel(content.arrays, isa), runtime.read_metadata(path))


@cache
def default(isa: int | None) -> Network:
    return by_session(BUNDLED) if isa is None else by_kernel(BUNDLED, isa)


def apart(ours: runtime.NetworkState, theirs: runtime.NetworkState) -> float:
    assert (ours.tail, ours.words) == (theirs.tail, theirs.words)
    return max(
        np.abs(ours.h - theirs.h).max(),
        np.abs(ours.log_probabilities - theirs.log_probabilities).max(),
    )


@needs_kernel
@few
@given(
    shapes,
    precisions,
    st.integers(0, 99),
    st.lists(st.binary(min_size=3, max_size=3), min_size=1, max_size=16),
)
def test_step_equals_onnx_runtime(tmp_path, shape, precision, seed, texts) -> None:
    """A step of the kernel equals that of ONNX Runtime within 1e-5."""
    path = write_model(shape, tmp_path, seed, precision)
    session = by_session(path)
    for ours in (by_kernel(path, isa) for isa in ISAS):
        starts = [session.feed(session.start(), text[:-1]) for text in texts]
        stepped = ours.step(starts, [text[-1] for text in texts])
        expected = session.step(starts, [text[-1] for text in texts])
        assert max(map(apart, stepped, expected)) < 1e-5


@needs_kernel
@pytest.mark.parametrize("isa", ISAS)
@few
@given(
    shape=shapes,
    precision=precisions,
    texts=st.lists(st.binary(min_size=40, max_size=40), min_size=1, max_size=16),
)
def test_rows_do_not_depend_on_batching(tmp_path, isa, shape, precision, texts) -> None:
    """A row is the same alone, beside others, and within a longer text."""
    ours = by_kernel(write_model(shape, tmp_path, 0, precision), isa)
    together = [ours.start()] * len(texts)
    for at in range(40):
        together = ours.step(together, [text[at] for text in texts])
    for row, text in zip(together, texts, strict=True):
        fed = ours.feed(ours.start(), text)
        assert apart(row, fed) == 0


@needs_kernel
@few
@given(
    shape=shapes,
    precision=precisions,
    texts=st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=20),
)
def test_isa_levels_agree_exactly(tmp_path, shape, precision, texts) -> None:
    """All ISA levels compute identical numbers."""
    path = write_model(shape, tmp_path, 0, precision)
    first, *others = (by_kernel(path, isa) for isa in (*ISAS, *ISAS[:1]))
    for ours in others:
        for state, text in ((ours.start(), text) for text in texts):
            assert apart(ours.feed(state, text), first.feed(state, text)) == 0
        starts = [ours.start()] * len(texts)
        following = [text[0] for text in texts]
        assert max(map(apart, ours.step(starts, following), first.step(starts, following))) == 0


@needs_kernel
@pytest.mark.parametrize("isa", ISAS)
def test_text_costs_equal_bits(isa) -> None:
    """A text costs the same bits by the kernel as by ONNX Runtime, within 5e-4."""
    text = README.read_bytes()[:4000] + bytes(range(256))
    bits = dict.fromkeys((default(isa), default(None)), 0.0)
    for network in bits:
        state = network.start()
        for byte in text:
            bits[network] -= state.log_probabilities[byte] / np.log(2) / len(text)
            state = network.step([state], [byte])[0]
    ours, theirs = bits.values()
    assert abs(ours - theirs) < 5e-4


@needs_kernel
def test_byte_probabilities_equal_onnx_runtime() -> None:
    """After a text, every byte is as probable as by ONNX Runtime."""
    ours, theirs = default(ISAS[-1]), default(None)
    text = README.read_bytes()[:1000]
    state = theirs.feed(theirs.start(), text)
    following = list(range(256))
    assert (
        max(map(apart, ours.step([state] * 256, following), theirs.step([state] * 256, following)))
        < 1e-4
    )


@needs_kernel
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_extreme_states_are_accepted(value) -> None:
    """NaN, infinite and huge states give a result."""
    start = default(ISAS[0]).start()
    strange = start._replace(h=np.full_like(start.h, value))
    for isa in ISAS:
        assert default(isa).step([strange], [97])[0].h.shape == start.h.shape


def test_kernel_serves_when_available(model_file: Path) -> None:
    """Native code runs the network if there is a supported ISA level."""
    assert Network.open(model_file).backend_name == (
        "ONNX Runtime" if kernel.best_isa() == kernel.IsaLevel.NONE else "native code"
    )


def test_onnx_runtime_serves_without_kernel(model_file: Path, monkeypatch) -> None:
    """ONNX Runtime runs the network if there is no kernel."""
    monkeypatch.setattr(kernel, "library", lambda: None)
    assert Network.open(model_file).backend_name == "ONNX Runtime"


def test_foreign_libraries_are_not_used(tmp_path) -> None:
    """A missing or broken library, or one of other sources, is not used."""
    assert kernel.library(tmp_path / "absent.so") is None
    (tmp_path / "rubbish.so").write_bytes(b"rubbish")
    assert kernel.library(tmp_path / "rubbish.so") is None
    if compiler := shutil.which("cc"):
        other = tmp_path / "other.so"
        source = "unsigned foretype_source(void) { return 1; } int foretype_run(void) { return 0; }"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-xc", "-", "-o", other],
            input=source,
            text=True,
            check=True,
        )
        assert kernel.library(other) is None


@pytest.mark.parametrize(
    "shape",
    [
        Shape("lstm", 20, 1, 8),
        Shape("rnn", 20, 1, 8),
        Shape("gru", 20, 2, 8),
        Shape("gru", 20, 1, 8, 1),
    ],
    ids=str,
)
def test_onnx_runtime_serves_other_networks(shape, tmp_path) -> None:
    """Networks that the kernel does not support run by ONNX Runtime."""
    assert Network.open(write_model(shape, tmp_path)).backend_name == "ONNX Runtime"


@pytest.mark.skipif(kernel.best_isa() == kernel.IsaLevel.NONE, reason="ONNX Runtime serves here")
def test_default_model_avoids_onnx_runtime() -> None:
    """The default model runs without importing ONNX Runtime."""
    code = "import sys\nfrom foretype_model.predictors.network.runtime import Network\n"
    code += "from foretype_model.store.store import BUNDLED\nnetwork = Network.open(BUNDLED)\n"
    code += "network.feed(network.start(), b'some text'); print('onnxruntime' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_reader_equals_onnx() -> None:
    """The reader returns the arrays and metadata that the library onnx reads."""
    content, model = model_file.read(BUNDLED), onnx.load(BUNDLED)
    assert content.metadata == {entry.key: entry.value for entry in model.metadata_props}
    for tensor in model.graph.initializer:
        assert np.array_equal(content.arrays[tensor.name], numpy_helper.to_array(tensor))


def test_cut_files_are_no_models(tmp_path) -> None:
    """A file cut anywhere is no model."""
    whole = without_seal(write_model(Shape("gru", 4, 1, 2, 2), tmp_path))
    cut = tmp_path / "cut.onnx"
    # Its beginning and its end byte by byte, where all that is not numbers lies.
    for length in [
        *range(300),
        *range(300, len(whole), 4999),
        *range(len(whole) - 2500, len(whole)),
    ]:
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            Network.open(cut)


@few
@given(st.binary(max_size=300))
def test_reader_survives_any_bytes(tmp_path, content) -> None:
    """Any bytes are read or refused with a ValueError."""
    path = tmp_path / "any.onnx"
    path.write_bytes(content)
    try:
        model_file.read(path)
    except ValueError:
        return


@needs_kernel
@few
@given(
    st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([0, 3]),
    precisions,
)
def test_damaged_files_cannot_crash(tmp_path, damage, at_the_end, words, precision) -> None:
    """A damaged file is refused, or predicts something."""
    path = write_model(Shape("gru", 4, 1, 2, 2, words), tmp_path, 0, precision)
    content = bytearray(without_seal(path))
    for at, byte in damage:
        content[len(content) - 1 - at % 2500 if at_the_end else at % len(content)] = byte
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content)
    try:
        arrays = model_file.read(path).arrays
    except ValueError:
        return
    if kernel.is_supported(arrays):
        damaged = kernel.Kernel(arrays, ISAS[-1])
        rubbish = bytes(256 + len(arrays["multipliers"]) - 1)
        zeros, words = np.zeros(damaged.state_size, np.float32), bytes(kernel.WORD_BYTES)
        h, _, _ = damaged.run([zeros], [rubbish], [words], 256)[0]
        assert h.shape == (damaged.state_size,)


def changed(path: Path, name: str, change) -> None:
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), name))
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("recurrent.weight_hh_l0.int8", lambda array: array[:-1]),
        ("recurrent.weight_hh_l0.int8", lambda array: np.full_like(array, -128)),
        ("recurrent.bias_hh_l0", lambda array: array[:-1]),
        ("recurrent.bias_hh_l0", lambda array: array.astype(np.float16)),
        ("ngrams.weight.int8", lambda array: array[:0]),
        ("ngrams.weight.int8", lambda array: array.T),
        ("ngrams.weight.int4", lambda array: array[:-1]),
        ("ngrams.weight.int4", lambda array: array[:, :-1]),
        ("ngrams.weight.int4", lambda array: array.astype(np.int8)),
        ("ngrams.weight.row_scale", lambda array: array[:-1]),
        ("ngrams.weight.row_scale", lambda array: array[:, None]),
        ("words.weight.scale", lambda array: array[:-2]),
        ("words.weight.int4", lambda array: array[: 1 << 17]),
        ("embedding.weight", lambda array: array[:200]),
        ("multipliers", lambda array: array - 70_000),
        ("multipliers", lambda array: array + (1 << 40)),
        ("multipliers", lambda array: array[0, 0]),
        ("output.bias", lambda array: array[:128]),
    ],
)
def test_kernel_refuses_inconsistent_arrays(name, change, tmp_path) -> None:
    """The kernel does not support arrays of inconsistent shapes or of other ranges."""
    precision = "int8" if name.endswith("int8") else "int4"
    path = write_model(Shape("gru", 20, 1, 8, 5, 6), tmp_path, 0, precision)
    assert kernel.is_supported(model_file.read(path).arrays)
    changed(path, name, change)
    assert not kernel.is_supported(model_file.read(path).arrays)
