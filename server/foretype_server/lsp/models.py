"""The command `foretype.models`: the models on this machine, for clients that offer a choice."""

from __future__ import annotations

from typing import Any, Final

from foretype_model.store.store import Store

MODELS: Final = "foretype.models"


def list_models() -> list[dict[str, Any]]:
    """Return the name, the unit, and whether it is in use, of each model that works.

    A model of bytes is chosen by the setting `model`; one of words by the predictor `words`.
    """
    return [
        {"name": one.name, "unit": one.metadata.unit, "inUse": one.in_use}
        for one in Store().list()
        if one.metadata
    ]
