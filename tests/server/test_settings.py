"""The settings that users may write, and the messages about invalid ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_server.settings import SCHEMA, Settings, has_foretype_settings, read_settings


@pytest.mark.parametrize(
    "layer",
    [
        {"inline": {"enable": False}, "topK": 5},
        {"inline.enable": False, "topK": 5.0},
        {"foretype": {"inline": {"enable": False}, "topK": 5}},
        {"foretype": {"inline.enable": False, "topK": 5}, "python": {"enable": True}},
        {"foretype.inline.enable": False, "foretype.topK": 5},
        {"foretype.inline": {"enable": False}, "foretype": {"topK": 5, "trace": {"server": "off"}}},
    ],
)
def test_settings_nested_or_dotted(layer: dict[str, Any]) -> None:
    """Names may be nested or joined by dots, with the section's name or without."""
    assert read_settings(layer) == (Settings(inline_enable=False, top_k=5), [])


def test_capability_outlasts_settings() -> None:
    """An ability stays as `initializationOptions` state it, whatever settings follow."""
    abilities = {"replaceAfterCursor": True, "countUsage": False}
    assert read_settings(abilities, {"topK": 5}) == (
        Settings(replace_after_cursor=True, count_usage=False, top_k=5),
        [],
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("temperature", "hot", 'is "hot", but must be a number from 0 to 5'),
        ("temperature", True, "must be a number"),
        ("temperature", float("nan"), "must be a number"),
        ("topP", 0, "must be a number from 0.01 to 1"),
        ("maxItems", 2.5, "must be a whole number from 1 to 100"),
        ("maxItems", 0, "must be a whole number from 1 to 100"),
        ("enable", 1, "must be true or false"),
        ("model", 3, "the name or the path of a model"),
        ("inline.minConfidence", 2, "a number from 0 to 1"),
        ("predictors", {"network": 1}, "a list of names, or an object"),
        ("predictors", "network", "a list of names, or an object"),
        ("learn.exclude", ["*.md", 3], "a list of strings"),
        ("inline", True, "There is no setting"),
        ("nonsense", True, "The settings are: enable, model"),
        ("temprature", 1, 'Did you mean "temperature"?'),
        ("inline.minConfidense", 1, 'Did you mean "inline.minConfidence"?'),
        ("x" * 1000, 1, "There is no setting"),
    ],
)
def test_bad_setting_keeps_its_default(name: str, value: object, message: str) -> None:
    """An invalid setting has one line that names it, and its default is used."""
    settings, problems = read_settings({name: value, "seed": 7})
    assert settings == Settings(seed=7)
    assert len(problems) == 1
    assert f'"{name}"' in problems[0]
    assert message in problems[0]


def test_later_layers_override_earlier() -> None:
    """A setting in a later layer overrides an earlier one; a null restores the default."""
    settings, _ = read_settings(
        {"seed": 1, "topK": 3, "maxItems": 4}, {"seed": 2, "maxItems": None}
    )
    assert settings == Settings(seed=2, top_k=3)


def test_predictors_as_list_or_object() -> None:
    """Predictors are a list of names, or an object of each one's options."""
    assert read_settings({"predictors": ["a", "b"]})[0].predictors == {"a": {}, "b": {}}
    assert read_settings({"predictors": {"a": {"texts": ["x"]}}})[0].predictors == {
        "a": {"texts": ["x"]}
    }


def test_repeated_problem_is_one_line() -> None:
    """The same problem in two layers has one line."""
    assert len(read_settings({"topK": -1}, {"topK": -1})[1]) == 1


@pytest.mark.parametrize("layer", [None, {}, [], {"foretype": None}, {"foretype": {}}])
def test_empty_layers_give_defaults(layer: object) -> None:
    """Without settings, all are the defaults, without a problem."""
    assert read_settings(layer) == (Settings(), [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@given(
    json_values, st.dictionaries(st.sampled_from([*SCHEMA, "foretype", "inline", "x"]), json_values)
)
def test_any_json_is_read(anything: object, named: dict[str, object]) -> None:
    """Any JSON is read without an exception, with one-line problems."""
    settings, problems = read_settings(anything, named)
    settings.options()
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"foretype": {}}, True),
        ({"topK": 1}, True),
        ({"temprature": 1}, True),
        ({"pylsp": {"plugins": {}}}, False),
        ({"pylsp": {}, "foretype.topK": 1}, True),
        ({}, False),
        (None, False),
    ],
)
def test_foreign_settings_are_recognised(layer: object, expected: bool) -> None:
    """Settings of other programs are not taken for Foretype's."""
    assert has_foretype_settings(layer) is expected
