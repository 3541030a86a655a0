"""Each form of a password in the table: on disk, typed key by key, and pasted."""

from __future__ import annotations

import pytest
from tests.model.privacy.secret_forms import ALL_FORMS, FORMS, Form
from tests.model.privacy.test_written_canaries import Written, settled

from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.privacy.secret_scanner import redact

EACH = [pytest.param(form, id=f"{form.kind} {number}") for number, form in enumerate(ALL_FORMS)]


def leaks(form: Form, content: bytes) -> list[bytes]:
    """Return the secrets of a form of which `content` has a part."""
    whole = [
        secret for secret in form.secrets if Written("", form.text, secret).leaks_into(content)
    ]
    return whole


def test_forms_have_three_texts() -> None:
    """There are 40 forms, with at least three texts each."""
    assert len(FORMS) == 40
    assert not [kind for kind, texts in FORMS.items() if len(texts) < 3]


@pytest.mark.parametrize("form", EACH)
def test_form_is_masked(form: Form) -> None:
    """The secrets of a form are not in the text for the index, and the lines around them are."""
    masked = redact(form.text)
    assert not leaks(form, masked)
    assert masked.startswith(b"first line\n")
    assert masked.endswith(b"\nlast line\n")


@pytest.mark.parametrize("form", EACH)
def test_typed_form_is_not_learnt(form: Form) -> None:
    """The secrets of a form are not learnt while it is typed key by key."""
    learnt = settled(form.text)
    assert not leaks(form, learnt)
    assert b"last line" in learnt


@pytest.mark.parametrize("form", EACH)
def test_pasted_form_is_not_learnt(form: Form) -> None:
    """The secrets of a form are not learnt when it is pasted."""
    copy = CopyPredictor()
    copy.observe("file:///a", b"", b"")
    copy.observe("file:///a", form.text, b"")
    kept = b"".join(piece.text for history in copy._histories for piece in history.pieces())
    assert b"last line" in kept
    assert not leaks(form, kept)
