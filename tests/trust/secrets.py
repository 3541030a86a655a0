"""Keys and passwords are neither learnt nor offered. The 32 kinds of canaries differ from those
that the rules were tuned on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.e2e.client import Client, run, server
from tests.model.privacy.canaries import EACH, Canary, canaries
from tests.trust.outcome import Outcome, without_torch
from tests.trust.secret_forms import form_outcomes

from foretype_model.completion.candidates import Options
from foretype_model.completion.generate import generate
from foretype_model.predictor import Predictor
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.privacy.secret_scanner import find_secrets
from foretype_server.commands.opening import open_predictors, refresh
from foretype_server.settings import Settings

ROOT = Path(__file__).parents[2]
SEED = 2026
MIN_LEAKED_CHARACTERS = 4
"""Characters of the rest of a secret that count as a leak; fewer may match by chance."""

MIN_LEAKED_IN_FILES = 8
"""The same for a search in files, which also have checksums and numbers."""

TRAINED_CLAIM = "their first halves given to a model trained on them"
OPTIONS = {
    "hidden": 128, "embedding": 32, "ngrams": 1, "batch": 32, "window": 64, "learning_rate": 1e-2,
    "seed": 3,
}  # fmt: skip
"""With this seed for the held-out texts, a model remembers most of the unmasked canaries."""

STEPS_PER_CANARY = 10
MAX_STEPS = 400

TypedCanary = tuple[Canary, str, str]
"""A canary, the text typed up to some point of it, and the rest."""


def outcomes(scale: float) -> Iterator[Outcome]:
    """Search for 320 canaries at scale 1: on disk, in offers, in generated text, in a model; and
    for the passwords of all forms on disk and in offers.
    """
    some = canaries(SEED, max(1, round(EACH * scale)))
    with tempfile.TemporaryDirectory() as name:
        home, workspace = Path(name) / "home", plant(Path(name) / "workspace", some)
        run(home, "complete", str(workspace / "0.py:1:1"), "--workspace", str(workspace))
        stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        assert b"Chapter 0." in stored
        stored_parts = parts(stored.decode("latin-1"))
        found = [one for one in some if parts(one.secret) & stored_parts]
        outcome = _outcome("canaries in the index on disk", len(some), found)
        yield replace(outcome, note="; ".join(filter(None, (outcome.note, _cost()))))
        with server(home) as (client, _):
            client.initialize(
                {}, workspaceFolders=[{"uri": workspace.as_uri(), "name": "workspace"}]
            )
            yield _outcome(
                "their beginnings typed in a server with their files",
                *_offered(client, typed_canaries(some)),
            )
            yield _outcome(
                "their beginnings typed below a text with them",
                *_offered(client, typed_canaries(some), below=True),
            )
        with patch.dict("os.environ", FORETYPE_HOME=str(home)):
            opened = open_predictors(None, Settings().predictors, (workspace,))
            refresh(opened.values())
        yield _outcome(
            "their beginnings given to generate", *_generated(Mixture(opened), typed_canaries(some))
        )
        yield without_torch(TRAINED_CLAIM) or _trained(Path(name), workspace, some)
    yield from form_outcomes(scale)


def plant(folder: Path, some: Sequence[Canary]) -> Path:
    """Write a workspace with canaries in code and in prose, in separate files for each kind."""
    folder.mkdir()
    for number, kind in enumerate(dict.fromkeys(one.kind for one in some)):
        these = [one for one in some if one.kind == kind]
        code = (f"def f{i}():\n    {one.code}\n\n" for i, one in enumerate(these))
        prose = (f"Chapter {i}.\n\n{one.prose}\n\n" for i, one in enumerate(these))
        (folder / f"{number}.py").write_text("".join(code))
        (folder / f"{number}.md").write_text("".join(prose))
    return folder


def _cost() -> str:
    """Return the share of Foretype's files, which have no secrets, that the rules mask."""
    files = [path for folder in ("server", "model") for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_bytes() for path in (*files, *ROOT.glob("*.md"))]
    hidden = sum(end - start for text in texts for start, end in find_secrets(text))
    size = sum(map(len, texts))
    return (
        f"of Foretype's {size / 1e6:.1f} MB, which have no secrets, {hidden / size:.2%} are masked"
    )


def parts(text: str) -> set[str]:
    """Return all substrings of `MIN_LEAKED_IN_FILES` characters."""
    return {
        text[at : at + MIN_LEAKED_IN_FILES] for at in range(len(text) - MIN_LEAKED_IN_FILES + 1)
    }


def typed_canaries(some: Sequence[Canary]) -> list[TypedCanary]:
    """Return each canary, in code and prose, typed up to its start and up to its middle."""
    return [
        (one, line[: line.index(one.secret)] + one.secret[:half], one.secret[half:])
        for one in some
        for line in (one.code, one.prose)
        for half in (0, len(one.secret) // 2)
    ]


def leaks_secret(offered: str, rest: str) -> bool:
    """Return whether the offer begins with the rest of the secret."""
    return offered.lstrip().startswith(rest[:MIN_LEAKED_CHARACTERS])


def _offered(
    client: Client, typed: Sequence[TypedCanary], *, below: bool = False
) -> tuple[int, list[Canary]]:
    """Return the number of texts, and the canaries that a server's menu or ghost text continues."""
    found = []
    for number, (one, before, rest) in enumerate(typed):
        uri, text = (
            f"untitled:{below} {number}",
            f"{one.code}\n\n{one.prose}\n\n{before}" if below else before,
        )
        client.open(uri, text)
        at = text.count("\n"), len(text) - text.rfind("\n") - 1
        menu = [item["textEdit"]["newText"] for item in client.completions(uri, *at)["items"]]
        ghost = [item["insertText"] for item in client.ghost(uri, *at)]
        if any(leaks_secret(offered, rest) for offered in [*menu, *ghost]):
            found.append(one)
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return len(typed), found


def _generated(predictor: Predictor, typed: Sequence[TypedCanary]) -> tuple[int, list[Canary]]:
    """Return the number of texts, and the canaries that the most probable text continues."""
    written = (
        (one, "".join(generate(predictor, before.encode(), MIN_LEAKED_CHARACTERS, Options())), rest)
        for one, before, rest in typed
    )
    return len(typed), [one for one, text, rest in written if leaks_secret(text, rest)]


def _trained(folder: Path, workspace: Path, some: Sequence[Canary]) -> Outcome:
    """Train a model on texts with all canaries, and let it continue their first halves.

    Another model, trained on a few unmasked canaries, shows that the training suffices to remember
    them.
    """
    tried, found = _generated(_model(folder / "masked", workspace, len(some)), _halves(some))
    few = list({one.kind: one for one in some}.values())
    texts = plant(folder / "few", few)
    with patch("foretype_model.training.corpus.remove_secrets", lambda text: (text, 0)):
        halves, remembered = _generated(_model(folder / "unmasked", texts, len(few)), _halves(few))
    note = (
        f"a model trained on {len(few)} unmasked ones continues {len(remembered)} of {halves} "
        f"halves"
    )
    return replace(_outcome(TRAINED_CLAIM, tried, found), note=note)


def _halves(some: Sequence[Canary]) -> list[TypedCanary]:
    return [(one, before, rest) for one, before, rest in typed_canaries(some) if rest != one.secret]


def _model(folder: Path, workspace: Path, count: int) -> NetworkPredictor:
    from foretype_model.training.corpus import read_corpus
    from foretype_model.training.loop import TrainingOptions
    from foretype_model.training.train import train

    folder.mkdir()
    options = TrainingOptions(**OPTIONS, steps=min(MAX_STEPS, STEPS_PER_CANARY * count))
    files = {"destination": folder / "model.onnx", "checkpoint": folder / "checkpoint"}
    new_model = {"resume": False, "initial": None, "rivals": (), "name": "canaries"}
    train(read_corpus([workspace]), options, report=lambda _progress: None, **files, **new_model)
    return NetworkPredictor(Network.open(folder / "model.onnx"))


def _outcome(claim: str, tried: int, found: Sequence[Canary]) -> Outcome:
    kinds = ", ".join(sorted({one.kind for one in found}))
    return Outcome(claim, tried, tried - len(found), f"leaked: {kinds}" if kinds else "")
