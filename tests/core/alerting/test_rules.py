from pathlib import Path

import pytest

from kpistream.core.alerting.rules import (
    Comparison,
    Rule,
    Severity,
    Vocabulary,
    load_rules,
    parse_duration,
)
from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.slices import Slice
from tests.support.alerting import rule

HERE = Path(__file__).parent
SHIPPED = HERE.parents[2] / "alerts"

VOCABULARY = Vocabulary(
    kpis=["return_on_ad_spend", "unsubscribe_rate", "click_through_rate"],
    windows=["1m", "5m", "1h"],
    dimensions=["channel", "campaign"],
    slicing=[(), ("channel",), ("channel", "campaign")],
)

ERRORS = {
    "unknown_key": ":7: rules[0].treshold: unknown key; allowed: name, kpi, slice, window, below, "
    "above, rises_by, for, minimum_sample, severity, owner, action, summary",
    "unknown_top_level_key": ":1: groups: unknown key; allowed: rules",
    "unknown_kpi": ":3: rules[0].kpi: unknown KPI 'return_on_ad_spent'; did you mean "
    "'return_on_ad_spend'?; allowed: return_on_ad_spend, unsubscribe_rate, click_through_rate",
    "unknown_window": ":4: rules[0].window: unknown window '2h'; allowed: 1m, 5m, 1h",
    "unknown_dimension": ":5: rules[0].slice.chanel: unknown dimension 'chanel'; did you mean "
    "'channel'?; allowed: channel, campaign",
    "slices_nobody_keeps": ":4: rules[0].slice: no slices are kept by campaign; this would never "
    "fire; allowed: (total), (channel), (channel, campaign)",
    "no_condition": ":2: rules[0]: a condition is missing; write one; "
    "allowed: below, above, rises_by",
    "two_conditions": ":6: rules[0].rises_by: a rule has one condition, not 2; write two rules; "
    "allowed: below, above, rises_by",
    "threshold_is_text": ":5: rules[0].below: must be a number, not 'one'",
    "threshold_is_nan": ":5: rules[0].below: must be a number, not '.nan'",
    "rises_by_is_negative": ":5: rules[0].rises_by: must be greater than 0, not -0.5",
    "for_is_no_duration": ":6: rules[0].for: '2 minutes' is not a duration; "
    "write 30s, 2m, 1h or 1d",
    "for_has_no_unit": ":6: rules[0].for: must be text, not 120",
    "for_is_too_long": ":6: rules[0].for: '31d' is longer than 30d",
    "minimum_sample_is_zero": ":6: rules[0].minimum_sample: must be greater than or equal to 1, "
    "not 0",
    "minimum_sample_is_a_fraction": ":6: rules[0].minimum_sample: must be a whole number, not 2.5",
    "unknown_severity": ":6: rules[0].severity: unknown value 'urgent'; "
    "allowed: info, warning, critical",
    "no_action": ":2: rules[0].action: this key is required",
    "empty_owner": ":7: rules[0].owner: must not be empty",
    "bad_name": ":2: rules[0].name: 'ROAS below one' is no name; write up to 64 of a-z, 0-9 and _, "
    "a letter first",
    "same_name_twice": ":10: rules[1].name: the name 'roas_below_one' is taken by the rule on "
    "line 2",
    "same_key_twice": ":6: rules[0].below: written twice; first on line 5",
    "member_is_a_number": ":4: rules[0].slice.channel: must be text, not 7",
    "rules_is_no_list": ":1: rules: must be a list, not a mapping",
    "empty_file": ":1: must be a mapping, not empty",
    "bad_indentation": ":3: ",
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_bad_file_is_refused_with_its_line_its_key_and_what_is_allowed(name: str) -> None:
    with pytest.raises(ConfigErrors) as refused:
        load_rules((HERE / f"rule_errors/{name}.yml").read_text(), f"{name}.yml", VOCABULARY)
    assert len(refused.value) == 1
    assert str(refused.value).startswith(f"{name}.yml{ERRORS[name]}")


def test_every_bad_file_is_tried() -> None:
    assert {path.stem for path in (HERE / "rule_errors").iterdir()} == set(ERRORS)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = (
        "rules:\n  - {name: a, kpi: x, window: y, severity: info, owner: o, action: a, summary: s}"
    )
    with pytest.raises(ConfigErrors) as refused:
        load_rules(text, "rules.yml", VOCABULARY)
    assert [error.key for error in refused.value] == ["rules[0].kpi", "rules[0].window", "rules[0]"]


@pytest.mark.parametrize(("name", "rise"), [("marketing.yml", 0.5), ("demo.yml", 1.0)])
def test_the_shipped_rules_watch_roas_and_unsubscriptions(name: str, rise: float) -> None:
    roas, unsubscribe = load_rules((SHIPPED / name).read_text(), name, VOCABULARY)

    assert (roas.name, roas.kpi, roas.comparison, roas.threshold, roas.severity) == (
        "roas_below_one",
        "return_on_ad_spend",
        Comparison.below,
        1.0,
        Severity.critical,
    )
    assert roas.slice == {"channel": "*", "campaign": "*"}
    assert (unsubscribe.name, unsubscribe.kpi, unsubscribe.comparison, unsubscribe.threshold) == (
        "unsubscribe_rate_rising",
        "unsubscribe_rate",
        Comparison.rises_by,
        rise,
    )
    assert unsubscribe.slice == {"channel": "email"}


def test_the_shipped_rules_wait_as_long_as_they_say() -> None:
    text = (SHIPPED / "marketing.yml").read_text()
    assert [(one.window, one.for_s) for one in load_rules(text, "m", VOCABULARY)] == [
        ("1h", 120.0),
        ("1h", 300.0),
    ]


SHORT = """
rules:
  - name: ctr_low
    kpi: click_through_rate
    window: 5m
    below: 0.01
    severity: warning
    owner: media
    action: Look at the creatives.
    summary: Few people click.
"""


def load_short(extra: str = "") -> Rule:
    [only] = load_rules(SHORT + extra, "short.yml", VOCABULARY)
    return only


def test_a_short_rule_is_about_the_total_and_at_once_but_not_on_a_small_sample() -> None:
    short = load_short()
    assert (short.slice, short.for_s, short.minimum_sample) == ({}, 0.0, 30)


def test_members_are_spelled_as_slices_spell_them() -> None:
    assert load_short('    slice: {channel: " Email "}\n').slice == {"channel": "email"}


EMAIL: Slice = (("channel", "email"),)
AUTUMN: Slice = (("channel", "email"), ("campaign", "autumn"))


@pytest.mark.parametrize(
    ("pattern", "part", "expected"),
    [
        ({}, (), True),
        ({}, EMAIL, False),
        ({"channel": "*"}, EMAIL, True),
        ({"channel": "*"}, (), False),
        ({"channel": "*"}, AUTUMN, False),
        ({"channel": "email"}, EMAIL, True),
        ({"channel": "ads"}, EMAIL, False),
        ({"campaign": "*"}, EMAIL, False),
        ({"campaign": "*", "channel": "email"}, AUTUMN, True),
        ({"campaign": "winter", "channel": "*"}, AUTUMN, False),
    ],
)
def test_a_rule_matches_slices_of_exactly_its_dimensions(
    pattern: dict[str, str], part: Slice, expected: bool
) -> None:
    assert rule(slice=pattern).matches(part) is expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0.0), ("30s", 30.0), ("2m", 120.0), ("1h", 3600.0), ("1d", 86400.0)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-1m", "1.5h", "1 m", "1w", "1m30s", "99999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
