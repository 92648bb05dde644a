from __future__ import annotations

from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kpistream.core.located_yaml import (
    MAX_CHARACTERS,
    ConfigError,
    ConfigErrors,
    Located,
    config_errors,
    did_you_mean,
    dotted,
    load,
    validate,
)


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    hold: str = Field(default="0s", alias="for")
    severity: Literal["info", "warning"] = "info"
    limit: float | str = 1
    sample: Annotated[int, Field(ge=1)] = 1

    @field_validator("hold")
    @classmethod
    def has_a_unit(cls, hold: str) -> str:
        if not hold.endswith("s"):
            raise ValueError("a duration needs a unit")
        return hold


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rules: list[Rule]
    groups: dict[str, Rule] = {}


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        validate(load(text, "rules.yml"), Rules)
    return str(caught.value).splitlines()


def test_the_line_of_every_key_and_item_is_known() -> None:
    located = load("a: 1\n\nb:\n  - x\n  - y: 2\n    z: 3\n", "f.yml")
    assert located.data == {"a": 1, "b": ["x", {"y": 2, "z": 3}]}
    assert located.line(("a",)) == 1
    assert located.line(("b",)) == 3
    assert located.line(("b", 0)) == 4
    assert located.line(("b", 1, "z")) == 6


def test_what_is_not_in_the_file_has_the_line_of_its_nearest_parent() -> None:
    located = load("a: 1\nb:\n  c: 2\n", "f.yml")
    assert located.line(("b", "d", 3)) == 2
    assert located.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("5:30", "5:30"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("-12", -12),
        ("0.40", 0.4),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("|\n  5", "5"),
        ("5m", "5m"),
    ],
)
def test_words_mean_what_they_look_like(text: str, value: object) -> None:
    assert load(f"key: {text}", "f.yml").data == {"key": value}


def test_an_empty_file_holds_nothing() -> None:
    assert load("# only a comment\n", "f.yml") == Located("f.yml", None, {})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: [1\n", "2: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\nb: 2\na: 3", "3: a: written twice; first on line 1"),
        ("a:\n  - {b: 1, b: 2}", "2: a[0].b: written twice; first on line 2"),
        ("a: 1\n404: x", "2: a key must be text, not 404; put it in quotes"),
        ("[a]: x", "1: a key must be text, not ['a']; put it in quotes"),
        ("a: &x 1\nb: *x", "1: a: anchors and aliases are not supported; write it out"),
        ("a: !!python/name:os.system x", "1: a: tags are not supported"),
        ("a: 1\n---\nb: 2", "2: only one document may stand in a file"),
        ("a: 1\nb: \x07", "2: the character number 7 is not allowed in YAML"),
        ("[" * 100_000, "1: nested deeper than 32 levels"),
        ("#" * (MAX_CHARACTERS + 1), "1: the file is larger than 1000000 characters"),
    ],
)
def test_bad_yaml_is_refused_with_its_line(text: str, error: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(text, "f.yml")
    assert str(caught.value) == f"f.yml:{error}"


def test_data_of_the_right_shape_becomes_a_model() -> None:
    rules = validate(load("rules:\n  - name: a\n    for: 5s\n", "rules.yml"), Rules)
    assert [(rule.name, rule.hold, rule.sample) for rule in rules.rules] == [("a", "5s", 1)]


def test_all_that_does_not_fit_is_told_in_the_order_of_the_file() -> None:
    text = """\
rules:
  - name: 5
    severity: wrning
  - nmae: x
    for: 5
    sample: 0
    limit: [1]
  - just text
groups:
  name: {name: a, fro: 1s, for: "5"}
rule: 1
"""
    keys = "name, for, severity, limit, sample"
    assert mistakes(text) == [
        "rules.yml:2: rules[0].name: must be text, not 5",
        "rules.yml:3: rules[0].severity: unknown value 'wrning'; did you mean 'warning'?"
        "; allowed: info, warning",
        "rules.yml:4: rules[1].name: this key is required",
        f"rules.yml:4: rules[1].nmae: unknown key; did you mean 'name'?; allowed: {keys}",
        "rules.yml:5: rules[1].for: must be text, not 5",
        "rules.yml:6: rules[1].sample: must be greater than or equal to 1, not 0",
        "rules.yml:7: rules[1].limit: must be a number or text, not a list",
        "rules.yml:8: rules[2]: must be a mapping, not 'just text'",
        "rules.yml:10: groups.name.for: a duration needs a unit",
        f"rules.yml:10: groups.name.fro: unknown key; did you mean 'for'?; allowed: {keys}",
        "rules.yml:11: rule: unknown key; did you mean 'rules'?; allowed: rules, groups",
    ]


def test_a_file_that_is_no_mapping_is_refused() -> None:
    assert mistakes("") == ["rules.yml:1: must be a mapping, not empty"]
    assert mistakes("- a") == ["rules.yml:1: must be a mapping, not a list"]


def test_a_part_of_a_file_can_be_checked_on_its_own() -> None:
    located = load("x:\n  y:\n    name: a\n    nam: b\n", "f.yml")
    with pytest.raises(ValidationError) as caught:
        Rule.model_validate(located.data["x"]["y"])
    (error,) = config_errors(caught.value, located, Rule, ("x", "y"))
    assert (error.line, error.key) == (4, "x.y.nam")
    assert error.allowed == ("name", "for", "severity", "limit", "sample")


def test_an_error_names_file_line_key_and_allowed_values_and_shows_an_excerpt() -> None:
    error = ConfigError("f.yml", 3, "a.b", "wrong", ("x", "y"), "x + z\n    ^")
    assert str(error) == "f.yml:3: a.b: wrong; allowed: x, y\n    x + z\n        ^"


def test_a_long_list_of_allowed_values_is_cut() -> None:
    allowed = [str(number) for number in range(100)]
    assert str(ConfigError("f", 1, "a", "wrong", allowed)).endswith("58, 59, and 40 more")


def test_errors_are_sorted_by_line_and_can_be_counted() -> None:
    errors = ConfigErrors([ConfigError("f", 9, "b", "late"), ConfigError("f", 2, "a", "early")])
    assert [error.line for error in errors] == [2, 9]
    assert len(errors) == 2


def test_a_path_reads_as_a_person_would_write_it() -> None:
    assert dotted(("rules", 2, "slice", "channel")) == "rules[2].slice.channel"
    assert dotted(()) == ""


def test_only_a_close_name_is_suggested() -> None:
    assert did_you_mean("clics", ["clicks", "orders"]) == "; did you mean 'clicks'?"
    assert did_you_mean("xyz", ["clicks", "orders"]) == ""


@settings(deadline=None)
@given(st.text(alphabet="ab:- \n[]{},'\"#&*!|>?%@`1.\t", max_size=80) | st.text(max_size=40))
def test_any_text_is_data_or_mistakes(text: str) -> None:
    try:
        located = load(text, "f.yml")
    except ConfigErrors as errors:
        lines = [error.line for error in errors]
    else:
        lines = list(located.lines.values())
    assert all(1 <= line <= text.count("\n") + 2 for line in lines)
