"""The messages that were written for the default model, and their place in its corpus."""

from __future__ import annotations

from collections import Counter

import pytest

from default_model import messages, ngram_tokens, sources
from foretype_model.privacy.secret_scanner import remove_secrets


def test_every_message_has_a_source() -> None:
    """Each message counts under a source of the mix, and has a name of its own."""
    found = list(messages.texts())
    assert {source for source, _, _ in found} <= set(sources.SOURCES)
    assert len({name for _, name, _ in found}) == len(found)
    assert Counter(source for source, _, _ in found)["prose/messages"] > 300


def test_messages_are_typed_text() -> None:
    """Messages are free of secrets, of typographic quotes in English, and of white space at the
    ends of lines.
    """
    for source, name, text in messages.texts():
        assert not remove_secrets(text.encode())[1], name
        assert not any(line != line.rstrip() for line in text.split("\n")), name
        assert text.endswith("\n"), name
        if source == "prose/messages":
            assert not set(text) & set("“”‘’—"), name


@pytest.mark.parametrize("language", ["en", "de"])
def test_messages_stand_in_the_mix(make, tmp_path, language) -> None:
    """Messages are whole documents of the mix, read and counted more than once."""
    folder = tmp_path / "messages"
    folder.mkdir()
    texts = [f"Hi Sam,\n\nsee you at {hour} then.\n" for hour in "abcdefgh"]
    (folder / f"{language}.txt").write_text("%\n".join(texts), "utf-8")
    manifest = make()
    source = "prose/messages" if language == "en" else "multilingual/de/messages"
    rows = {row["source"]: row for row in manifest["sources"]}
    kept = [
        text for number, text in enumerate(texts) if not sources.held_back(f"{source}/{number}")
    ]
    assert rows[source]["documents"] == len(kept) * sources.MESSAGE_READINGS
    assert rows[source]["licence"] == messages.LICENCE
    counted = Counter(text for _, text in ngram_tokens.texts_in(tmp_path / "mix.corpus"))
    assert {counted[text] for text in kept} == {ngram_tokens.MESSAGE_COUNT}
