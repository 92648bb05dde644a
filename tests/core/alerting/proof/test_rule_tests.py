from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.proof.rule_tests import RuleTest, Unmet, made, run
from kpistream.core.alerting.proof.rule_tests_file import read_rule_tests
from kpistream.core.alerting.rules.conditions import Line
from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.plan import Plan
from tests.support.builders import START_S, plan

HERE = Path(__file__).parent / "rule_test_errors"
START = "2026-03-01T10:00:00Z"
ADS = {"channel": "ads", "campaign": "autumn"}

LOSES = """
      - {event: click, every: 10s, until: 4h, fields: {channel: ads, campaign: autumn}}
      - {event: cost, every: 1m, until: 2h, fields: {channel: ads, campaign: Autumn, amount: "10"}}
      - {event: order, every: 30s, until: 2h, fields: {channel: ads, campaign: autumn, revenue: 3}}
"""
RECOVERS = """
      - event: order
        every: 30s
        from: 2h
        until: 4h
        fields: {channel: ads, campaign: autumn, revenue: "30.00"}
"""


def rule(name: str = "roas_below_one", **named: Any) -> Rule:
    ordinary = {
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "when": Line("return_on_ad_spend", "1h", "below", 1.0),
        "slice": {"channel": "*", "campaign": "*"},
        "confidence": None,
        "for_s": 120.0,
        "severity": Severity.critical,
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
    }
    return Rule(name=name, **{**ordinary, **named})


def total_orders(**named: Any) -> Rule:
    few = Line("orders", "1h", "below", 100.0)
    return rule("few_orders", kpi="orders", when=few, slice={}, **named)


def the_plan(**named: Any) -> Plan:
    return plan(windows=("1h",), rules=(rule(), total_orders()), **named)


def read(events: str, expect: str) -> RuleTest:
    text = f"tests:\n  - name: a test\n    start: {START}\n    events:{events}    expect:{expect}"
    [test] = read_rule_tests(text, "tests.yml").tests(the_plan())
    return test


def unmet(events: str, expect: str) -> list[Unmet]:
    return run(read(events, expect), the_plan())


def test_a_campaign_that_loses_money_fires_and_ends_when_it_recovers() -> None:
    expect = """
      - {at: 1m, rule: roas_below_one, firing: []}
      - {at: 6m, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: pending}
      - {at: 30m, rule: roas_below_one, firing: [{channel: ads, campaign: autumn}]}
      - at: 30m
        rule: roas_below_one
        slice: {channel: Ads, campaign: autumn}
        state: firing
        value: {about: 0.6}
      - {at: 4h, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: resolved}
"""
    assert unmet(LOSES + RECOVERS, expect) == []


def test_what_was_there_instead_is_told() -> None:
    expect = """
      - at: 30m
        rule: roas_below_one
        slice: {channel: ads, campaign: autumn}
        state: resolved
"""
    [wrong] = unmet(LOSES, expect)
    [found] = wrong.found
    assert wrong.expectation.line == 9
    assert dict(found.slice) == ADS
    assert (found.state, found.value, found.sample) == (AlertState.firing, 0.6, 180)
    assert found.evidence is not None


def test_of_a_slice_that_has_no_alert_the_reading_is_told() -> None:
    expect = """
      - {at: 4m, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: firing}
      - {at: 4m, rule: roas_below_one, slice: {channel: email, campaign: autumn}, state: firing}
"""
    known, unknown = (one.found[0] for one in unmet(LOSES, expect))
    assert (known.state, known.value, known.sample) == (AlertState.inactive, 0.6, 24)
    assert (unknown.state, unknown.value, unknown.sample) == (AlertState.inactive, None, 0)


@pytest.mark.parametrize(
    ("expectation", "is_met"),
    [
        ("state: firing", True),
        ("state: firing, value: {about: 0.6}", True),
        ("state: firing, value: {about: 0.606}", True),
        ("state: firing, value: {about: 0.61}", False),
        ("state: firing, value: {about: 0.61, within: 0.02}", True),
        ("state: firing, value: {about: 0.606, within: 0}", False),
        ("state: pending", False),
        ("state: inactive", False),
        ("state: resolved", False),
    ],
)
def test_an_alert_is_held_against_its_state_and_value(expectation: str, is_met: bool) -> None:
    part = "slice: {channel: ads, campaign: autumn}"
    line = f"\n      - {{at: 30m, rule: roas_below_one, {part}, {expectation}}}\n"
    assert (unmet(LOSES, line) == []) is is_met


@pytest.mark.parametrize(
    ("firing", "is_met"),
    [
        ("[{channel: ads, campaign: autumn}]", True),
        ("[{campaign: autumn, channel: ADS}]", True),
        ("[]", False),
        ("[{channel: ads, campaign: autumn}, {channel: ads, campaign: spring}]", False),
        ("[{channel: ads, campaign: spring}]", False),
    ],
)
def test_firing_names_all_the_slices_and_no_others(firing: str, is_met: bool) -> None:
    line = f"\n      - {{at: 30m, rule: roas_below_one, firing: {firing}}}\n"
    assert (unmet(LOSES, line) == []) is is_met


def test_a_rule_of_one_slice_needs_none_written() -> None:
    orders = "\n      - {event: order, every: 1m, until: 1h, fields: {revenue: 1}}\n"
    assert unmet(orders, "\n      - {at: 59m, rule: few_orders, state: firing}\n") == []


def test_without_events_nothing_fires() -> None:
    assert unmet(" []\n", "\n      - {at: 3h, rule: roas_below_one, firing: []}\n") == []


def test_an_event_that_arrives_at_the_moment_itself_comes_after_it() -> None:
    orders = "\n      - {event: order, every: 1m, until: 1h, times: 9, fields: {revenue: 1}}\n"
    [wrong] = unmet(orders, "\n      - {at: 10m, rule: few_orders, state: resolved}\n")
    assert wrong.found[0].sample == 90


def test_expectations_are_met_in_the_order_of_their_moments() -> None:
    expect = """
      - {at: 4h, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: resolved}
      - {at: 30m, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: firing}
"""
    assert unmet(LOSES + RECOVERS, expect) == []


# -- what events are made --------------------------------------------------------------------------

NOTHING = "\n      - {at: 0s, rule: roas_below_one, firing: []}\n"


def events(written: str) -> list[tuple[float, dict[str, Any]]]:
    """The events made: how many seconds after the start they arrive, and what they carry."""
    return [
        (event.arrived_ms / 1000 - START_S, json.loads(event.value))
        for event in made(read(written, NOTHING))
    ]


def test_events_come_every_so_often_until_before_an_end() -> None:
    found = events("\n      - {event: click, from: 1m, every: 10s, until: 90s}\n")
    assert [at for at, _ in found] == [60, 70, 80]
    moments = [datetime.fromisoformat(event["occurred_at"]).timestamp() for _, event in found]
    assert [moment - START_S for moment in moments] == [60, 70, 80]


def test_without_every_they_come_once() -> None:
    assert [at for at, _ in events("\n      - {event: click, from: 5m, times: 3}\n")] == [300] * 3


def test_late_ones_arrive_after_they_occurred() -> None:
    [(at, event)] = events("\n      - {event: click, from: 1m, late: 5m}\n")
    assert at == 360
    assert event["occurred_at"] == "2026-03-01T10:01:00Z"


def test_batches_come_in_the_order_of_arrival() -> None:
    found = events(
        """
      - {event: click, every: 10s, until: 30s}
      - {event: impression, from: 5s, every: 10s, until: 30s}
      - {event: session, late: 12s, fields: {duration_ms: 1, page_views: 1}}
"""
    )
    assert [at for at, _ in found] == [0, 5, 10, 12, 15, 20, 25]


def test_variations_are_taken_in_turn_over_the_fields() -> None:
    found = events(
        """
      - event: click
        times: 3
        fields: {channel: ads, device: mobile}
        vary: [{campaign: a}, {campaign: b, device: desktop}]
"""
    )
    carried = [(event["channel"], event["campaign"], event["device"]) for _, event in found]
    assert carried == [("ads", "a", "mobile"), ("ads", "b", "desktop"), ("ads", "a", "mobile")]


def test_every_event_has_ids_of_its_own() -> None:
    found = events(
        """
      - {event: order, times: 3, fields: {revenue: 1}}
      - {event: order, times: 2, fields: {revenue: 1}}
"""
    )
    for name in ("event_id", "order_id"):
        assert len({event[name] for _, event in found}) == 5


def test_an_id_that_is_written_stays() -> None:
    [(_, event)] = events("\n      - {event: order, fields: {order_id: A1, revenue: 1}}\n")
    assert event["order_id"] == "A1"


@pytest.mark.parametrize(
    ("fields", "money"),
    [
        ('revenue: "3.00"', {"amount": "3.00", "currency": "EUR"}),
        ("revenue: 3", {"amount": "3", "currency": "EUR"}),
        ("revenue: 3.5", {"amount": "3.5", "currency": "EUR"}),
        ("revenue: 3, currency: USD", {"amount": "3", "currency": "USD"}),
        ('revenue: {amount: "3", currency: GBP}', {"amount": "3", "currency": "GBP"}),
    ],
)
def test_money_is_in_the_reporting_currency_unless_another_is_beside(
    fields: str, money: dict[str, str]
) -> None:
    [(_, event)] = events(f"\n      - {{event: order, fields: {{{fields}}}}}\n")
    assert event["revenue"] == money
    assert "currency" not in event


def test_the_same_file_makes_the_same_events() -> None:
    assert events(LOSES) == events(LOSES)


# -- what the file says ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("rules: a.yml\n", ("a.yml",)),
        ("rules: [a.yml, ../b.yml]\n", ("a.yml", "../b.yml")),
        ("", ()),
    ],
)
def test_the_files_of_the_rules_are_named(written: str, rules: tuple[str, ...]) -> None:
    test = f"tests: [{{name: a, start: {START}, events: [], expect: [{{at: 0s, rule: r}}]}}]\n"
    assert read_rule_tests(written + test, "tests.yml").rules == rules


def test_settings_are_given_on() -> None:
    text = (
        "settings: {windows: [5m], slices: [[], [channel]], currency: USD, zone: Europe/Paris}\n"
        f"tests: [{{name: a, start: {START}, events: [], expect: [{{at: 0s, rule: r}}]}}]\n"
    )
    assert read_rule_tests(text, "tests.yml").settings == {
        "windows": ["5m"],
        "slices": [[], ["channel"]],
        "currency": "USD",
        "zone": "Europe/Paris",
    }


ERRORS = {
    "about_is_text": ":6: tests[0].expect[0].value.about: must be a number, not 'much'",
    "amount_with_a_sign": ":6: tests[0].events[0].fields: no order: invalid_money",
    "at_is_no_span": ":6: tests[0].expect[0].at: 'noon' is no span such as 0s, 30s, 5m, 24h or 7d",
    "every_without_until": ":6: tests[0].events[0]: `every` and `until` go together",
    "field_of_another_event": ":6: tests[0].events[0].fields.revenue: unknown field; allowed: ",
    "field_that_is_made": ":6: tests[0].events[0].fields.event_id: is made for each event",
    "firing_with_a_value": ":6: tests[0].expect[0].value: goes with `state`, not with `firing`",
    "neither_state_nor_firing": ":6: tests[0].expect[0]: write either `state` or `firing`",
    "no_tests": ":1: tests: this key is required",
    "required_field_is_missing": ":6: tests[0].events[0].fields: no session: invalid_event",
    "same_name_twice": ":6: tests[1].name: the name is taken by the test on line 2",
    "slice_of_several_is_missing": ":6: tests[0].expect[0]: say which `slice`",
    "slice_the_rule_has_not": ":6: tests[0].expect[0].slice: roas_below_one does not look at it",
    "start_without_an_offset": ":3: tests[0].start: '2026-03-01T10:00:00' is no moment with an",
    "times_is_zero": ":5: tests[0].events[0].times: must be greater than or equal to 1, not 0",
    "too_many_events": ":4: tests[0].events: more than 1,000,000 events",
    "unknown_event": ":6: tests[0].events[0].event: unknown event type 'clik'; did you mean",
    "unknown_key": ":6: tests[0].expect[0].sate: unknown key; did you mean 'state'?",
    "unknown_rule": ":6: tests[0].expect[0].rule: unknown rule 'roas_below_on'; did you mean",
    "unknown_setting": ":1: settings.windws: unknown key; did you mean 'windows'?",
    "unknown_state": ":6: tests[0].expect[0].state: unknown value 'fired'",
    "unknown_window": ":1: settings.windows[0]: ",
    "until_before_from": ":5: tests[0].events[0].until: is not after `from`",
    "variation_is_wrong": ":6: tests[0].events[0].vary[1]: no email: invalid_event",
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_mistake_is_told_with_its_line(name: str) -> None:
    text = (HERE / f"{name}.yml").read_text(encoding="utf-8")
    with pytest.raises(ConfigErrors) as caught:
        read_rule_tests(text, f"{name}.yml").tests(the_plan())
    [error] = caught.value
    assert str(error).startswith(name + ".yml" + ERRORS[name])


def test_every_bad_file_is_looked_at() -> None:
    assert {path.stem for path in HERE.iterdir()} == {*ERRORS, "several_mistakes"}


def test_all_mistakes_are_told_at_once() -> None:
    text = (HERE / "several_mistakes.yml").read_text(encoding="utf-8")
    with pytest.raises(ConfigErrors) as caught:
        read_rule_tests(text, "f.yml").tests(the_plan())
    assert [error.key for error in caught.value] == [
        "tests[0].events[0].event",
        "tests[0].events[1].fields.colour",
        "tests[0].expect[0].rule",
        "tests[1].expect[0].firing[0]",
    ]
