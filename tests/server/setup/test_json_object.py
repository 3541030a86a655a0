"""A member added to JSON as Zed and Sublime Text read it: with comments and trailing commas."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_server.setup.config_file import ManualChangeError
from foretype_server.setup.json_object import insert_member
from foretype_server.setup.marked_block import find_block, put_in, take_out

MEMBER = {"lsp": {"foretype": {"binary": {"path": "/bin/foretype"}}}}
NAMES = st.sampled_from(["lsp", "a", "b // c", "{", "é"])
VALUES = st.recursive(
    st.sampled_from([None, True, 1.5, "x", 'a "quote" // and { signs', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def lenient(text: str) -> object:
    """Read JSON with comments on lines of their own, and trailing commas."""
    without = re.sub(r"^\s*//.*$", "", text.replace("{//", "{\n//"), flags=re.MULTILINE)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", without))


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_member_is_added_to_any_object(users: dict[str, object], indent: int | str | None) -> None:
    """The user's members stay as they are, Foretype's is added, and goes without a trace."""
    text = json.dumps(users, indent=indent, ensure_ascii=False)
    inner = users.get("lsp", {})
    if not isinstance(inner, dict):
        with pytest.raises(ManualChangeError, match="has"):
            insert_member(text, MEMBER)
        return
    with_block = put_in(text, insert_member(text, MEMBER), "//")
    expected = {**users, "lsp": {**inner, **MEMBER["lsp"]}}
    assert lenient(with_block) == expected
    block = find_block(with_block, "//")
    assert block
    assert take_out(with_block, block) == text


@pytest.mark.parametrize(
    "text",
    [
        "// mine\n{ // here\n  /* and { here */ \"a\": [1, {\"lsp\": 2}], // there\n}\n",
        '\ufeff{"a": 1,}',
        "{\r\n}\r\n",
        "",
        " \n",
    ],
)  # fmt: skip
def test_comments_are_kept(text: str) -> None:
    """Comments, trailing commas and empty files are no obstacle, and come back to the byte."""
    with_block = put_in(text, insert_member(text, MEMBER), "//")
    assert '"path": "/bin/foretype"' in with_block
    block = find_block(with_block, "//")
    assert block
    assert take_out(with_block, block) == text


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"a" 1}', "{'a': 1}", "{} {}", '{"lsp": {"foretype": {}}}', '{"lsp": 3}', "{]}"],
)
def test_other_texts_are_refused(text: str) -> None:
    """A text that is no JSON object, or has the member already, is refused."""
    with pytest.raises(ManualChangeError):
        insert_member(text, MEMBER)
