"""The fit of the mixer table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from default_model.fit_mixer import MEMBERS, SELECTING, Replay, bits, fit, write
from foretype_model.predictors import log_mixer
from foretype_model.predictors.log_mixer import sets_of


def replayed(seed: int, size: int = 600) -> Replay:
    """A text of 4 bytes: in the first weight set of `copy`, `copy` knows the next byte, in the
    second one it knows nothing and says the opposite.
    """
    rng = np.random.default_rng(seed)
    typed = rng.integers(0, 4, size)
    sets = np.zeros((size, len(SELECTING)), np.int64)
    sets[:, SELECTING.index("copy")] = knows = rng.integers(0, 2, size)
    log_x = np.full((size, len(MEMBERS), 256), -9.0)
    log_x[:, :, :4] = np.log(0.25)
    right = (typed + knows) % 4
    log_x[range(size), MEMBERS.index("copy"), right] = np.log(0.7)
    return Replay(log_x.astype(np.float16), sets, typed)


def neutral() -> dict[tuple[str, str], np.ndarray]:
    return {(one, two): np.zeros(sets_of(one), np.float32) for one in SELECTING for two in MEMBERS}


def test_fit_tells_right_sets_from_wrong_ones() -> None:
    """The fit raises the exponent of a member in the set where it is right, lowers it in the set
    where it misleads, and saves bits of another text.
    """
    fitted = fit({"prose": [replayed(1), replayed(2)], "code": [replayed(3)]})
    right, wrong = fitted["copy", "copy"][:2]
    assert right > 0 > wrong
    assert bits(replayed(9), fitted) < bits(replayed(9), neutral())


def test_written_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mixer reads the table as it was fitted, to three decimals."""
    fitted = neutral()
    fitted["copy", "network"][1] = 0.1234
    (tmp_path / "data").mkdir()
    write(fitted, tmp_path / "data/mixer.json")
    monkeypatch.setattr(log_mixer, "files", lambda _package: tmp_path)
    found = log_mixer.fitted_exponents.__wrapped__()
    assert found.keys() == fitted.keys()
    assert found["copy", "network"][1] == np.float32(0.123)
    assert all(np.abs(found[pair] - fitted[pair]).max() < 6e-4 for pair in fitted)
