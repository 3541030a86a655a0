"""Foretype's languages behind a user's own `languages.toml`."""

from __future__ import annotations

import tomllib

import pytest

from foretype_server.setup.client_files import editor_files
from foretype_server.setup.config_file import ManualChangeError
from foretype_server.setup.helix import insert_languages

OWN = (editor_files("helix") / "languages.toml").read_text("utf-8")
USERS = """
[language-server.mine]
command = "mine"

[[language]]
name = "python"
auto-format = true
language-servers = ["mine", { name = "ruff", except-features = ["format", "hover"] }]

[[language]]
name = "rust"
indent = { tab-width = 2, unit = "  " }

[[language]]
name = "cobol"
scope = "source.cobol"
"""


def merged(text: str) -> dict[str, dict[str, object]]:
    """Return the languages as Helix takes them: a later table of a name overrides its members."""
    languages: dict[str, dict[str, object]] = {}
    for table in tomllib.loads(text)["language"]:
        languages.setdefault(table["name"], {}).update(table)
    return languages


def test_users_servers_are_kept() -> None:
    """A language that the user configured keeps its servers and members, and gets Foretype too."""
    languages = merged(USERS + insert_languages(USERS, OWN).lines)
    assert languages["python"]["language-servers"] == [
        "mine",
        {"name": "ruff", "except-features": ["format", "hover"]},
        "foretype",
    ]
    assert languages["python"]["auto-format"] is True
    assert languages["rust"]["indent"] == {"tab-width": 2, "unit": "  "}
    assert languages["rust"]["language-servers"] == ["rust-analyzer", "foretype"]
    assert languages["cobol"] == {"name": "cobol", "scope": "source.cobol"}
    assert languages["text"]["file-types"] == ["txt", "text"]


def test_own_languages_are_found() -> None:
    """Each language of Foretype's own file is replaced alone: none swallows its neighbour."""
    names = [language["name"] for language in tomllib.loads(OWN)["language"]]
    assert len(names) > 20
    users = "".join(f'[[language]]\nname = "{name}"\nlanguage-servers = []\n' for name in names)
    languages = merged(users + insert_languages(users, OWN).lines)
    assert {name: one["language-servers"] for name, one in languages.items()} == {
        name: ["foretype"] for name in names
    }


@pytest.mark.parametrize(
    "text",
    [
        "[language-server.foretype]\n",
        "no toml",
        "language = 3\n",
        "language-server = {}\n",
        "[[language]]\nscope = 'x'\n",
    ],
)
def test_other_files_are_refused(text: str) -> None:
    """A file that has Foretype already, or cannot take more tables, is refused."""
    with pytest.raises(ManualChangeError):
        insert_languages(text, OWN)
