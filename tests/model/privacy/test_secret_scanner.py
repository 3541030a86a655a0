"""Keys, tokens and passwords are neither learnt nor offered: 320 canaries of 32 kinds, in code and
in prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.privacy.canaries import BLOCK, KINDS, LEFT, Canary, canaries, goes_on

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.completion.generate import generate
from foretype_model.completion.scoring import replay
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.privacy.forgotten_words import redact_words
from foretype_model.privacy.secret_scanner import (
    find_secrets,
    pending_suffix,
    redact,
    redact_around,
    remove_secrets,
)
from foretype_model.training.corpus import SECRETS_REMOVED, read_corpus

ALL = canaries()
LINES = [
    pytest.param(one, getattr(one, where), id=f"{one.kind}, {where}")
    for one in ALL[::10]
    for where in ("code", "prose")
]
ORDINARY = [
    "def encode_token(self, token: str, max_tokens: int = 4096) -> list[int]:\n",
    "password = getpass.getpass()\ntoken = tokens[0]\nsecret = self.secret1\n",
    "api_key = os.environ['API_KEY']\nPASSWORD=$PASSWORD\n",
    "if not password:\n    raise ValueError('no password')\n",
    "The password is required, and the secret is well-kept.\n",
    "class HTTPResponseCodeFromURLParser2Adapter(BaseHTTPRequestHandler):\n",
    "https://example.com:8080/docs/v2/api/2024/index-of-everything.html\n",
    "x86_64-unknown-linux-gnu, ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, 2026-11-24T18-36-27Z\n",
    "commit 1a2b3c4, 3.14159265358979323846264338327950288\n",
    "0x0000000000000000000000000000000000000000\n",
    BLOCK[0] + " and " + BLOCK[0].replace("RSA ", "") + "\nare how such files begin.\n",
    "Träume von Zürich, 日本語の文章です。\n",
]


def leaked_parts(text: bytes, secret: str, least: int = LEFT + 1) -> list[bytes]:
    """Return the parts of a secret, of `least` bytes, that a text contains."""
    whole = secret.encode()
    parts = {whole[at : at + least] for at in range(len(whole) - least + 1)}
    return [part for part in parts if part in text]


# Secrets in a text


def test_canaries_have_32_kinds():
    """There are ten canaries of each of 32 kinds."""
    assert len({one.secret for one in ALL}) == 320
    assert len(KINDS) == 32


@pytest.mark.parametrize("where", ["code", "prose"])
def test_every_canary_is_masked(where):
    """Each canary is masked, and no other text in its line."""
    for one in ALL:
        line = getattr(one, where)
        text = f"a line before\n{line}\nand one after\n".encode()
        found = redact(text)
        assert not leaked_parts(found, one.secret), one
        around = text.split(one.secret.encode())
        assert found.startswith(around[0].rstrip(b"\n"))
        assert found.endswith(around[1].lstrip(b"\n"))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text):
    """Ordinary text has no secrets."""
    assert find_secrets(text.encode()) == []


def test_removal_keeps_lines():
    """Removing a secret keeps the rest of its line."""
    text = b'user = "ann"\npassword = "%s"\n' % b"hunter2"
    assert remove_secrets(text) == (b'user = "ann"\npassword = ""\n', 1)


PIECES = st.sampled_from(
    [
        *(one.code for one in ALL[::10]),
        *(one.prose for one in ALL[5::10]),
        *ORDINARY,
        "\n",
        " ",
        "é",
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("\n".join)


@settings(deadline=None)
@given(TEXTS, st.floats(0, 1), st.floats(0, 1))
def test_part_is_masked_as_whole(text, start, end):
    """A part of a text is masked as in the whole text."""
    data = text.encode()
    first, last = sorted((int(start * len(data)), int(end * len(data))))
    near, low = redact_around(data, first, last)
    assert near[first - low : last - low] == redact(data)[first:last]


@pytest.mark.parametrize(("one", "line"), LINES)
def test_typed_secret_stays_pending(one, line):
    """No byte of a secret is learnable before the secret is recognised."""
    text = f"before\n{line}\nafter\n".encode()
    for end in range(len(text) + 1):
        settled = redact(text[:end])[: end - pending_suffix(text[:end])]
        assert not leaked_parts(settled, one.secret), settled


# In the workspace


@pytest.fixture(scope="module")
def planted(make_indexed_folder, tmp_path_factory):
    """A workspace with all canaries, in code and in prose."""
    folder = tmp_path_factory.mktemp("planted")
    place = make_indexed_folder(folder / "texts", folder / "index")
    for number, kind in enumerate(KINDS):
        some = [one for one in ALL if one.kind == kind]
        place.write(
            f"{number}.py",
            "".join(f"def f{i}():\n    {one.code}\n\n" for i, one in enumerate(some)),
        )
        place.write(
            f"{number}.md",
            "".join(f"Chapter {i}.\n\n{one.prose}\n\n" for i, one in enumerate(some)),
        )
    place.renew()
    return place


def all_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_canary_on_disk(planted):
    """No file of an index contains a canary."""
    content = all_files(planted.index)
    assert b"Chapter 3." in content
    # A shorter part may be in a checksum or a number by chance.
    assert not [one for one in ALL if leaked_parts(content, one.secret, 8)]


def prefixes() -> Iterator[tuple[Canary, str, str]]:
    """Yield each canary with the text typed before it, or up to its middle, and its rest."""
    for one in ALL:
        for line in (one.code, one.prose):
            before = line[: line.index(one.secret)]
            for half in (0, len(one.secret) // 2):
                yield one, before + one.secret[:half], one.secret[half:]


def test_index_predicts_no_canary(planted):
    """The index predicts no canary, and shows none as a source."""
    predictor = CopyPredictor(planted.workspace())
    for one, before, rest in prefixes():
        state, row = predictor.feed(predictor.start(), before.encode()), bytearray()
        for _ in range(LEFT):
            p = np.exp(predictor.predict([state])[0])
            row.append(int(p.argmax()))
            (state,) = predictor.step([state], [row[-1]])
        assert bytes(row) != rest[:LEFT].encode(), one
        sources = predictor.sources(
            predictor.feed(predictor.start(), before.encode()), rest.encode(), 5
        )
        assert not [
            source for source in sources if leaked_parts(source.excerpt.encode(), one.secret)
        ]


def network() -> NetworkPredictor:
    return NetworkPredictor(Network.open(Path(str(files("foretype_model") / "data/default.onnx"))))


def test_no_canary_is_offered(planted):
    """No canary is offered or generated."""
    members = {"network": network(), "copy": CopyPredictor(planted.workspace())}
    for number, (one, before, rest) in enumerate(prefixes()):
        if number % 4 == 1:  # half of it, in code
            completer = Completer(
                members, lambda name, error: pytest.fail(f"{name}: {error}"), f"file:///{number}.py"
            )
            offered = [
                item.text for item in completer.next_words(before.encode(), b"\n", Options())
            ]
            ghost = completer.ghost_text(before.encode(), b"\n", Options())
            assert not [
                text for text in [*offered, ghost.text if ghost else ""] if goes_on(text, rest)
            ], one
            written = "".join(generate(Mixture(members), before.encode(), LEFT, Options()))
            assert not goes_on(written, rest), one


def test_forgetting_keeps_the_masks(make_indexed_folder, tmp_path):
    """After a word is forgotten and the index updated, secrets are still masked."""
    place = make_indexed_folder(tmp_path / "texts", tmp_path / "index")
    text = "".join(f"Dear Philippa, {one.prose}\n" for one in ALL[::10])
    place.write("a.txt", text)
    workspace = place.renew()
    assert place.content(workspace) == {"a.txt": redact(text.encode())}
    workspace.forget_word("Philippa")
    workspace = place.renew(everything=False)
    assert place.content(workspace) == {"a.txt": redact_words(redact(text.encode()), [b"Philippa"])}


def test_index_before_masks_is_rebuilt(make_indexed_folder, tmp_path):
    """An index of a release that masked no secrets is built again."""
    place = make_indexed_folder(tmp_path / "texts", tmp_path / "index")
    place.write("a.txt", ALL[0].prose)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foretype_model.predictors.copy.index.update.redact", lambda text: text)
        patch.setattr("foretype_model.predictors.copy.index.manifest.MANIFEST_FORMAT", 1)
        place.renew()
        assert ALL[0].secret.encode() in place.on_disk()
    assert place.workspace().open() == ()
    place.renew()
    assert ALL[0].secret.encode() not in all_files(place.index)


# Typed text


class LearnedBytes(ScriptedPredictor):
    """A predictor that records the bytes to learn."""

    def __init__(self) -> None:
        super().__init__([])
        self.learnt = bytearray()

    def save(self) -> None: ...

    def learn(self, state: bytes, following: int) -> None:
        self.learnt.append(following)


def log(copy: CopyPredictor) -> bytes:
    """Return the typed text that is kept, with its contexts."""
    return b"".join(
        piece.before + piece.text for recent in copy._histories for piece in recent.pieces()
    )


@pytest.mark.parametrize(("one", "line"), LINES)
def test_typed_secret_is_not_learnt(one, line):
    """A secret typed key by key is not learnt."""
    listening, copy, text = (
        LearnedBytes(),
        CopyPredictor(),
        f"the first line\n{line}\nthe last line\n".encode(),
    )
    mixture = Mixture({"listening": listening, "copy": copy})
    learning = DeferredLearning(mixture, "file:///a")
    for _ in replay(mixture, "file:///a", mixture.start(), text, (b"", b"\n"), learning=learning):
        pass
    for learnt in (bytes(listening.learnt), log(copy)):
        assert b"the first line" in learnt
        assert b"the last line" in learnt
        assert not leaked_parts(learnt, one.secret)


@pytest.mark.parametrize("kind", ["github", "generated", "words"])
def test_secret_typed_twice(kind):
    """A secret is not offered when it is typed a second time."""
    line, secret = next((one.code, one.secret) for one in ALL if one.kind == kind)
    completer = Completer({"copy": CopyPredictor()}, pytest.fail, "file:///a")
    text = f"def first():\n    {line}\n\n\ndef second():\n    {line}\n"
    at = text.rindex(secret)
    for end in range(len(text)):
        offered = completer.next_words(text[:end].encode(), b"\n", Options(max_items=5))
        if at <= end <= at + len(secret) - LEFT:
            assert not [
                item for item in offered if goes_on(item.text, text[end : at + len(secret)])
            ]
    others = completer.next_words(f"{text}\n\ndef sec".encode(), b"", Options())
    assert any(item.text.startswith("ond") for item in others)


@pytest.mark.parametrize(("one", "line"), LINES)
def test_pasted_secret_is_not_learnt(one, line):
    """A secret that is pasted, opened, or after the cursor is not learnt."""
    text = f"the first line\n{line}\nthe last line\n".encode()
    middle = text.index(one.secret.encode()) + len(one.secret) // 2
    for cursor in (0, middle, len(text)):
        opened, pasted = CopyPredictor(), CopyPredictor()
        pasted.observe("file:///a", b"", b"")
        for predictor in (opened, pasted):
            predictor.observe("file:///a", text[:cursor], text[cursor:])
            assert not leaked_parts(log(predictor), one.secret)


def test_mistyped_key_is_not_learnt():
    """A key that is mistyped and corrected is not learnt."""
    one = next(one for one in ALL if one.kind == "github")
    listening, copy = LearnedBytes(), CopyPredictor()
    completer = Completer({"listening": listening, "copy": copy}, pytest.fail, "file:///a")
    typed = [f"key: {one.secret[:end]}" for end in range(20)]
    typed += [
        typed[-1] + "x",
        *(f"key: {one.secret[:end]}" for end in range(18, len(one.secret) + 1)),
    ]
    for text in [*typed, f"key: {one.secret} "]:
        completer.next_words(text.encode(), b"", Options())
    assert not leaked_parts(log(copy) + listening.learnt, one.secret)


@pytest.mark.parametrize("name", [".env", ".env.local", "server.key", "id_ed25519", ".pgpass"])
def test_secret_file_is_not_learnt(name):
    """No text typed in a file of secrets is learnt."""
    listening, copy = LearnedBytes(), CopyPredictor()
    completer = Completer(
        {"listening": listening, "copy": copy}, pytest.fail, f"file:///project/{name}"
    )
    text = b"GREETING=good morning everybody\n" * 2
    for end in range(len(text) + 1):
        completer.next_words(text[:end], b"", Options())
    assert not listening.learnt
    assert not list(copy._histories[0].pieces())


# Training


def test_training_removes_secrets(planted):
    """Texts for training contain no secrets."""
    corpus = read_corpus([planted.folder])
    content = b"\0".join(corpus.texts)
    assert b"Chapter 3." in content
    assert not [one for one in ALL if leaked_parts(content, one.secret)]
    assert corpus.skipped[SECRETS_REMOVED] > len(KINDS)
