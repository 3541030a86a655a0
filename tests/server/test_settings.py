"""What users may write as settings, and what they are told where they may not."""

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
def test_every_way_of_writing_a_setting(layer: dict[str, Any]) -> None:
    assert read_settings(layer) == (Settings(inline_enable=False, top_k=5), [])


@pytest.mark.parametrize(
    ("name", "value", "told"),
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
def test_a_bad_setting_is_named_and_its_default_is_used(
    name: str, value: object, told: str
) -> None:
    settings, problems = read_settings({name: value, "seed": 7})
    assert settings == Settings(seed=7)
    assert len(problems) == 1
    assert f'"{name}"' in problems[0]
    assert told in problems[0]


def test_later_layers_come_before_earlier_ones() -> None:
    settings, _ = read_settings(
        {"seed": 1, "topK": 3, "maxItems": 4}, {"seed": 2, "maxItems": None}
    )
    assert settings == Settings(seed=2, top_k=3)


def test_predictors_by_name_and_with_options() -> None:
    assert read_settings({"predictors": ["a", "b"]})[0].predictors == {"a": {}, "b": {}}
    assert read_settings({"predictors": {"a": {"texts": ["x"]}}})[0].predictors == {
        "a": {"texts": ["x"]}
    }


def test_a_problem_is_told_once() -> None:
    assert len(read_settings({"topK": -1}, {"topK": -1})[1]) == 1


@pytest.mark.parametrize("layer", [None, {}, [], {"foretype": None}, {"foretype": {}}])
def test_no_settings_are_the_defaults(layer: object) -> None:
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
def test_no_json_at_all_makes_it_fail(anything: object, named: dict[str, object]) -> None:
    settings, problems = read_settings(anything, named)
    settings.options()
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize(
    ("layer", "ours"),
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
def test_settings_of_other_programs_are_left_alone(layer: object, ours: bool) -> None:
    assert has_foretype_settings(layer) is ours
