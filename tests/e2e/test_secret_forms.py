"""Passwords in the forms that people write are not offered by the real server."""

from __future__ import annotations

from tests.trust.secret_forms import form_outcomes

SHARE = 1 / 6
"""The share of the texts; `python -m tests.trust secrets` tries all."""


def test_no_form_is_offered():
    """No password is on disk, or offered in another document: from files, pasted or typed."""
    outcomes = list(form_outcomes(SHARE))
    assert len(outcomes) == 4
    assert not [outcome for outcome in outcomes if not outcome.held]
