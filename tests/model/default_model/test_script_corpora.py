"""The corpora of single scripts, and the scores of their models."""

from pathlib import Path

import pytest

from default_model import script_corpora, script_scores
from foretype_model.training.pack import PackedDocuments, pack

GREEK = "Θα βρείτε συνημμένα τα πρακτικά της χθεσινής συνάντησης. "
CODE = "def attach(path, minutes): return open(path)\n"
TEXTS = ["The minutes are attached.", GREEK, CODE + GREEK, 9 * CODE + GREEK, "", "Протокол встречи"]


def read(path: Path) -> list[str]:
    documents = PackedDocuments(path)
    sizes = documents.sizes.tolist()
    return [documents.read(number, 0, size).decode() for number, size in enumerate(sizes)]


def test_texts_are_divided_by_script(tmp_path: Path) -> None:
    """Each script gets its documents, also those that are half code; the rest have a corpus too."""
    pack((text.encode() for text in TEXTS), tmp_path / "mix.corpus")
    assert script_corpora.main([str(tmp_path / "mix.corpus"), str(tmp_path)]) == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == [
        "cyrillic",
        "greek",
        "latin",
        "mix",
    ]
    assert read(tmp_path / "greek.corpus") == [GREEK, CODE + GREEK]
    assert read(tmp_path / "cyrillic.corpus") == ["Протокол встречи"]
    assert read(tmp_path / "latin.corpus") == ["The minutes are attached.", 9 * CODE + GREEK, ""]


def test_missing_folder_is_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there is one line on standard error."""
    pack([b"text"], tmp_path / "mix.corpus")
    assert script_corpora.main([str(tmp_path / "mix.corpus"), str(tmp_path / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_mix_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mix that has the name of one of its parts is not replaced by it."""
    mix = tmp_path / "latin.corpus"
    pack((text.encode() for text in TEXTS), mix)
    assert script_corpora.main([str(mix), str(tmp_path)]) == 1
    assert "would be replaced" in capsys.readouterr().err
    assert read(mix) == TEXTS


def test_scores_favour_script_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model of a script takes fewer bits than the default model, alone and in the mixture."""
    text = (
        "Ανοίξτε τις ρυθμίσεις της εφαρμογής και επιλέξτε τη γλώσσα που θέλετε. Αν η επιλογή δεν "
        "εμφανίζεται, ελέγξτε ότι έχετε εγκαταστήσει την τελευταία έκδοση και δοκιμάστε ξανά. Οι "
        "αλλαγές αποθηκεύονται αυτόματα σε ένα αρχείο στον φάκελο του χρήστη."
    )
    pack([text.encode()], tmp_path / "greek.corpus")
    assert script_scores.main([str(tmp_path)]) == 0
    name, _size, *bits = capsys.readouterr().out.splitlines()[1].split()
    assert name == "greek"
    alone, own_alone, mixed, own_mixed = map(float, bits)
    assert own_alone < alone
    assert own_mixed < mixed
