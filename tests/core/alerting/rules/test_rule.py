from pathlib import Path

import pytest

from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.rule import Rule, Severity, Vocabulary
from kpistream.core.alerting.rules.rules_file import load_rules, parse_duration, unknown_inhibited
from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.slices import Slice
from tests.support.alerting import rule

HERE = Path(__file__).parent

VOCABULARY = Vocabulary(
    kpis=["return_on_ad_spend", "unsubscribe_rate", "click_through_rate"],
    windows=["1m", "5m", "1h"],
    dimensions=["channel", "campaign"],
    slicing=[(), ("channel",), ("channel", "campaign")],
    objectives=["q4_sales"],
)

ERRORS = {
    "absent_against_the_season": ":6: rules[0].against: 'season' is no window longer than 1h",
    "absent_without_against": ":2: rules[0]: `absent` needs `against`, a longer window that tells "
    "what is usual",
    "against_a_shorter_window": ":6: rules[0].against: '5m' is no window longer than 1h; allowed: "
    "before, season",
    "bad_indentation": ":3: not YAML: expected <block end>, but found '<block mapping start>'",
    "bad_name": ":2: rules[0].name: 'ROAS below one' is no name; write up to 64 of a-z, 0-9 and _, "
    "a letter first",
    "confidence_is_a_word": ":6: rules[0].confidence: write raw, or a number of 0.5 up to less "
    "than 1, such as 0.95",
    "confidence_of_one": ":6: rules[0].confidence: write raw, or a number of 0.5 up to less than "
    "1, such as 0.95",
    "damp_flaps_is_a_word": ":6: rules[0].damp_flaps: must be true or false, not 'often'",
    "empty_file": ":1: must be a mapping, not empty",
    "empty_owner": ":7: rules[0].owner: must not be empty",
    "falls_by_more_than_all": ":5: rules[0].falls_by: must be less than or equal to 1, not 1.5",
    "for_has_no_unit": ":6: rules[0].for: must be text, not 120",
    "for_is_no_duration": ":6: rules[0].for: '2 minutes' is not a duration; write 30s, 2m, 1h or "
    "1d",
    "for_is_too_long": ":6: rules[0].for: '31d' is longer than 30d",
    "forecast_beyond_a_month": ":6: rules[0].within: at most 31d: a trend is no oracle",
    "forecast_without_within": ":2: rules[0]: `will_be_below` needs `within`, such as 3d",
    "half_life_is_too_short": ":6: rules[0].half_life: '30m' is shorter than 1h",
    "hold_off_is_too_long": ":6: rules[0].hold_off: '40d' is longer than 30d",
    "inhibits_a_number": ":6: rules[0].inhibits: write dependents, or a list of names of rules",
    "join_of_one": ":5: rules[0].when.all: `all` joins two conditions or more",
    "keep_firing_for_is_no_duration": ":6: rules[0].keep_firing_for: 'long' is not a duration; "
    "write 30s, 2m, 1h or 1d",
    "label_is_a_dimension": ":6: rules[0].labels.channel: every alert has this label of itself; "
    "choose another name",
    "label_is_taken": ":6: rules[0].labels.severity: every alert has this label of itself; choose "
    "another name",
    "line_is_no_kpi": ":5: rules[0].above: unknown KPI 'customer_lifetime_vlaue'; allowed: "
    "return_on_ad_spend, unsubscribe_rate, click_through_rate",
    "member_is_a_number": ":4: rules[0].slice.channel: must be text, not 7",
    "minimum_sample_is_a_fraction": ":6: rules[0].minimum_sample: must be a whole number, not 2.5",
    "minimum_sample_is_zero": ":6: rules[0].minimum_sample: must be greater than or equal to 1, "
    "not 0",
    "nested_too_deep": ":5: rules[0].when.not.not.not.not.not: nested deeper than 5 levels; write "
    "two rules",
    "no_action": ":2: rules[0].action: this key is required",
    "no_condition": ":2: rules[0]: a condition is missing; write one; allowed: below, above, "
    "rises_by, falls_by, changes_by, unusual, drifts, absent, behind,",
    "option_of_another_verb": ":6: rules[0].within: says nothing about `below`; it belongs to; "
    "allowed: will_be_below, will_be_above",
    "rises_by_is_negative": ":5: rules[0].rises_by: must be greater than 0, not -0.5",
    "rules_is_no_list": ":1: rules: must be a list, not a mapping",
    "same_key_twice": ":6: rules[0].below: written twice; first on line 5",
    "same_name_twice": ":10: rules[1].name: the name 'roas_below_one' is taken by the rule on line "
    "2",
    "season_of_minutes": ":2: rules[0]: `against: season` needs a window of whole hours such as "
    "1h, not '5m'",
    "settle_is_no_duration": ":6: rules[0].settle: 'later' is not a duration; write 30s, 2m, 1h or "
    "1d, or learned",
    "slices_nobody_keeps": ":4: rules[0].slice: no slices are kept by campaign; this would never "
    "fire; allowed: (total), (channel), (channel, campaign)",
    "threshold_is_a_list": ":5: rules[0].below: write a number, or the name of a KPI",
    "threshold_is_nan": ":5: rules[0].below: unknown KPI '.nan'; allowed: return_on_ad_spend, "
    "unsubscribe_rate, click_through_rate",
    "threshold_is_text": ":5: rules[0].below: unknown KPI 'one'; allowed: return_on_ad_spend, "
    "unsubscribe_rate, click_through_rate",
    "times_of_a_number": ":6: rules[0].times: multiplies a KPI: write `below: <KPI>`",
    "too_many_comparisons": ":5: rules[0].when.any[12]: more than 12 comparisons in one condition; "
    "write two rules",
    "two_conditions": ":6: rules[0].rises_by: one condition, not 2; join them under `when: all:` "
    "or `any:`",
    "two_joins": ":5: rules[0].when.not: one condition, not 2; join them under `when: all:` or "
    "`any:`",
    "unknown_dimension": ":5: rules[0].slice.chanel: unknown dimension 'chanel'; did you mean "
    "'channel'?; allowed: channel, campaign",
    "unknown_key": ":7: rules[0].treshold: unknown key; allowed: below, above, rises_by, falls_by, "
    "changes_by, unusual, drifts, absent, behind, will_be_below,",
    "unknown_kpi": ":3: rules[0].kpi: unknown KPI 'return_on_ad_spent'; did you mean "
    "'return_on_ad_spend'?; allowed: return_on_ad_spend, unsubscribe_rate,",
    "unknown_kpi_in_when": ":5: rules[0].when.all[1].kpi: unknown KPI 'roas'; allowed: "
    "return_on_ad_spend, unsubscribe_rate, click_through_rate",
    "unknown_objective": ":5: rules[0].behind: unknown objective 'q5'; allowed: q4_sales",
    "unknown_severity": ":6: rules[0].severity: unknown value 'urgent'; allowed: info, warning, "
    "critical",
    "unknown_top_level_key": ":1: groups: unknown key; allowed: rules",
    "unknown_verb_in_when": ":5: rules[0].when.not.beneath: unknown key; did you mean 'absent'?; "
    "allowed: below, above, rises_by, falls_by, changes_by, unusual, drifts, absent,",
    "unknown_window": ":4: rules[0].window: unknown window '2h'; allowed: 1m, 5m, 1h",
    "unknown_window_in_when": ":5: rules[0].when.any[1].window: unknown window '3h'; allowed: 1m, "
    "5m, 1h",
    "until_is_on_the_alarming_side": ":6: rules[0].until: is on the alarming side of 1",
    "until_of_another_kpi": ":6: rules[0].until: needs a line that is a number",
    "unusual_has_no_way": ":5: rules[0].unusual: unknown value 'sideways'; allowed: up, down, any",
    "when_beside_a_verb": ":5: rules[0].below: stands beside `when`; put it into it",
    "when_is_empty": ":5: rules[0].when: a condition is missing; write one; allowed: below, above, "
    "rises_by, falls_by, changes_by, unusual, drifts, absent, behind,",
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


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{below: 1}", c.Line("click_through_rate", "5m", "below", 1.0)),
        ("{above: 2, until: 1.5}", c.Line("click_through_rate", "5m", "above", 2.0, until=1.5)),
        (
            "{kpi: return_on_ad_spend, below: click_through_rate, times: 2}",
            c.Line("return_on_ad_spend", "5m", "below", other="click_through_rate", times=2.0),
        ),
        ("{rises_by: 0.5}", c.Change("click_through_rate", "5m", "up", 0.5)),
        (
            "{falls_by: 0.2, window: 1h, against: season}",
            c.Change("click_through_rate", "1h", "down", 0.2, "season"),
        ),
        (
            "{changes_by: 0.1, against: 1h}",
            c.Change("click_through_rate", "5m", "any", 0.1, "1h"),
        ),
        (
            "{unusual: down, window: 1h, half_life: 12h}",
            c.Unusual("click_through_rate", "1h", "down", 43_200.0),
        ),
        ("{drifts: up, window: 1h}", c.Drift("click_through_rate", "1h", "up", 0.5)),
        ("{absent: true, against: 1h}", c.Absence("click_through_rate", "5m", "1h")),
        (
            "{behind: q4_sales, at_risk: true}",
            c.Behind("click_through_rate", "5m", "q4_sales", True),
        ),
        (
            "{will_be_above: 3, within: 2d, window: 1h}",
            c.Forecast("click_through_rate", "1h", "above", 3.0, 172_800.0),
        ),
        (
            "{all: [{below: 1}, {not: {above: 3}}]}",
            c.All(
                (
                    c.Line("click_through_rate", "5m", "below", 1.0),
                    c.Not(c.Line("click_through_rate", "5m", "above", 3.0)),
                )
            ),
        ),
    ],
)
def test_a_condition_is_read_as_it_is_written(written: str, expected: c.Condition) -> None:
    text = SHORT.replace("below: 0.01", f"when: {written}")
    [only] = load_rules(text, "short.yml", VOCABULARY)

    assert only.when == expected


@pytest.mark.parametrize(
    ("extra", "name", "expected"),
    [
        ("confidence: raw", "confidence", None),
        ("confidence: 0.99", "confidence", 0.99),
        ("settle: 10m", "settle_s", 600.0),
        ("hold_off: 1d", "hold_off_s", 86_400.0),
        ("keep_firing_for: 5m", "keep_firing_for_s", 300.0),
        ("damp_flaps: false", "damp_flaps", False),
        ("labels: {team: growth}", "labels", {"team": "growth"}),
        ("inhibits: dependents", "inhibits", ("dependents",)),
        ("inhibits: [roas_below_one]", "inhibits", ("roas_below_one",)),
    ],
)
def test_what_else_a_rule_may_say(extra: str, name: str, expected: object) -> None:
    assert getattr(load_short(f"    {extra}\n"), name) == expected


@pytest.mark.parametrize(("settle", "expected"), [("learned", None), ("6h", 21_600.0)])
def test_a_rule_may_wait_for_its_data(settle: str, expected: float | None) -> None:
    text = SHORT.replace("window: 5m", "window: 1h") + f"    settle: {settle}\n"
    [only] = load_rules(text, "short.yml", VOCABULARY)

    assert only.settle_s == expected


@pytest.mark.parametrize("settle", ["learned", "6h"])
def test_a_window_must_be_there_still_when_its_data_is_old_enough(settle: str) -> None:
    with pytest.raises(ConfigErrors, match=r"settle: .*does not fit"):
        load_short(f"    settle: {settle}\n")


def test_a_rule_that_inhibits_an_unknown_one_is_found() -> None:
    rules = [load_short("    inhibits: [ctr_low, nobody]\n")]

    assert [name for _, name in unknown_inhibited(rules)] == ["nobody"]


def test_a_rule_names_every_kpi_and_window_that_it_reads() -> None:
    when = "when: {any: [{below: unsubscribe_rate}, {window: 1h, above: 1}]}"
    [only] = load_rules(SHORT.replace("below: 0.01", when), "short.yml", VOCABULARY)

    assert only.pairs == {
        ("click_through_rate", "5m"),
        ("unsubscribe_rate", "5m"),
        ("click_through_rate", "1h"),
    }


def test_a_short_rule_is_about_the_total_and_at_once_but_not_on_a_small_sample() -> None:
    short = load_short()
    assert (short.slice, short.for_s, short.minimum_sample) == ({}, 0.0, 30)
    assert (short.confidence, short.severity) == (0.95, Severity.warning)


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
