from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kpistream.core.alerting.alerts import Alert, AlertState, begun
from kpistream.core.alerting.proof.backtest import (
    Backtest,
    Firing,
    Recorder,
    is_worse,
    silenced,
    summaries,
)
from kpistream.core.alerting.rules.conditions import (
    Absence,
    All,
    Behind,
    Change,
    Condition,
    Forecast,
    Line,
    Not,
)
from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.slices import Slice
from tests.support.builders import START_S, at_ms, click, order, plan, seconds

AUTUMN: Slice = (("channel", "ads"), ("campaign", "autumn"))
LOW = Line("return_on_ad_spend", "1h", "below", 1.0)
WEEK = 7 * 86_400


def rule(name: str = "roas_below_one", when: Condition = LOW, **named: Any) -> Rule:
    ordinary = {
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "when": when,
        "slice": {"channel": "*", "campaign": "*"},
        "confidence": None,
        "severity": Severity.critical,
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
    }
    return Rule(name=name, **{**ordinary, **named})


def alert(state: AlertState, at: str, value: float = 0.8, part: Slice = AUTUMN) -> Alert:
    at_s = START_S + seconds(at)
    new = begun(rule(), part, "EUR", "ratio", (), START_S)
    return replace(new, state=state, changed_at=at_s, value=value, sample=round(value * 100))


def pending(at: str, **named: Any) -> Alert:
    return alert(AlertState.pending, at, **named)


def fires(at: str, **named: Any) -> Alert:
    return alert(AlertState.firing, at, **named)


def resolves(at: str, **named: Any) -> Alert:
    return alert(AlertState.resolved, at, **named)


def recorded(*alerts: Alert, end: str = "1d") -> Recorder:
    recorder = Recorder([rule()])
    for one in alerts:
        recorder.hear(one)
    recorder.finish(START_S + seconds(end))
    return recorder


def spans(recorder: Recorder) -> list[tuple[float, float, bool]]:
    return [(f.from_s - START_S, f.to_s - START_S, f.is_open) for f in recorder.firings]


# -- recording -------------------------------------------------------------------------------------


def test_a_firing_goes_on_until_it_is_resolved() -> None:
    recorder = recorded(pending("1m"), fires("3m"), resolves("10m"))
    assert spans(recorder) == [(180, 600, False)]
    [firing] = recorder.firings
    assert (firing.rule, firing.slice, firing.currency) == ("roas_below_one", AUTUMN, "EUR")
    assert firing.lasted_s == 420
    assert firing.labels["alertname"] == "roas_below_one"
    assert firing.labels["campaign"] == "autumn"


def test_one_that_still_fires_goes_on_to_the_end_of_the_events() -> None:
    assert spans(recorded(fires("3m"), end="1h")) == [(180, 3600, True)]


def test_each_time_is_a_firing_of_its_own() -> None:
    recorder = recorded(fires("1m"), resolves("2m"), fires("5m"), resolves("9m"))
    assert spans(recorder) == [(60, 120, False), (300, 540, False)]


def test_firings_are_in_the_order_in_which_they_began() -> None:
    other: Slice = (("channel", "ads"), ("campaign", "spring"))
    recorder = recorded(fires("1m"), fires("2m", part=other), resolves("3m", part=other))
    assert [firing.slice for firing in recorder.firings] == [AUTUMN, other]


@pytest.mark.parametrize(
    ("after", "until"),
    [(fires("3m"), 180), (alert(AlertState.inactive, "2m"), 120), (None, 3600)],
    ids=["it fires", "it comes to nothing", "the events end"],
)
def test_what_is_pending_is_a_span_too(after: Alert | None, until: float) -> None:
    alerts = [pending("1m")] + ([after] if after else [])
    [span] = recorded(*alerts, end="1h").pendings
    assert (span.from_s - START_S, span.to_s - START_S) == (60, until)


def test_the_worst_value_is_kept_with_what_it_rested_on() -> None:
    recorder = Recorder([rule()])
    recorder.hear(fires("1m", value=0.8))
    for value in (0.9, 0.3, 0.5):
        recorder.look([fires("1m", value=value)])
    recorder.hear(resolves("9m", value=1.2))
    recorder.finish(START_S + 600)
    [firing] = recorder.firings
    assert (firing.worst, firing.sample) == (0.3, 30)


def test_an_alert_that_does_not_fire_has_no_worst_value() -> None:
    recorder = Recorder([rule()])
    recorder.look([pending("1m", value=0.1)])
    recorder.hear(fires("2m", value=0.8))
    recorder.finish(START_S + 600)
    assert recorder.firings[0].worst == 0.8


OTHER = Line("orders", "1h", "above", 5.0)


@pytest.mark.parametrize(
    ("when", "worse", "better"),
    [
        (Line("return_on_ad_spend", "1h", "below", 1.0), 0.4, 0.6),
        (Line("return_on_ad_spend", "1h", "above", 1.0), 3.0, 2.0),
        (Forecast("return_on_ad_spend", "1h", "below", 1.0, 3600.0), 0.4, 0.6),
        (Change("return_on_ad_spend", "1h", "down", 0.5), 0.4, 0.6),
        (Change("return_on_ad_spend", "1h", "up", 0.5), 3.0, 2.0),
        (Change("return_on_ad_spend", "1h", "any", 0.5), 3.0, 0.6),
        (Change("return_on_ad_spend", "1h", "any", 0.5), -1.0, 2.0),
        (Absence("return_on_ad_spend", "1h", "24h"), 0.0, 1.0),
        (Behind("return_on_ad_spend", "1h", "year"), 3.0, 2.0),
        (All((OTHER, LOW)), 0.4, 0.6),
        (Not(LOW), 0.4, 0.6),
        (OTHER, 3.0, 2.0),
    ],
)
def test_worse_is_what_the_rule_finds_alarming(
    when: Condition, worse: float, better: float
) -> None:
    assert is_worse(rule(when=when), worse, better, 1.0)
    assert not is_worse(rule(when=when), better, worse, 1.0)


# -- silences --------------------------------------------------------------------------------------


def firing(begin: str = "1h", end: str = "2h", **named: Any) -> Firing:
    ordinary = {
        "rule": "roas_below_one",
        "slice": AUTUMN,
        "kpi": "return_on_ad_spend",
        "severity": Severity.critical,
        "since": START_S,
        "from_s": START_S + seconds(begin),
        "to_s": START_S + seconds(end),
        "labels": {"channel": "ads", "campaign": "autumn"},
    }
    return Firing(**{**ordinary, **named})


def silence(begin: str, end: str, match: str = "channel=ads") -> Silence:
    return Silence(
        id=f"{begin}-{end}",
        matchers=parse_matchers([match]),
        starts_at=START_S + seconds(begin),
        ends_at=START_S + seconds(end),
        author="somebody",
        created_at=START_S,
    )


@pytest.mark.parametrize(
    ("silences", "is_silenced"),
    [
        ([], False),
        ([silence("30m", "3h")], True),
        ([silence("1h", "2h")], True),
        ([silence("61m", "3h")], False),
        ([silence("30m", "119m")], False),
        ([silence("30m", "90m"), silence("80m", "3h")], True),
        ([silence("80m", "3h"), silence("30m", "90m")], True),
        ([silence("30m", "80m"), silence("90m", "3h")], False),
        ([silence("30m", "3h", "channel=email")], False),
        ([silence("30m", "3h", 'campaign=~"aut.*"')], True),
    ],
)
def test_only_a_firing_wholly_under_silences_is_silenced(
    silences: list[Silence], is_silenced: bool
) -> None:
    [one] = silenced([firing()], silences)
    assert one.silenced is is_silenced


def test_a_firing_of_a_moment_is_not_silenced_by_itself() -> None:
    [one] = silenced([firing("1h", "1h")], [])
    assert not one.silenced


# -- summaries -------------------------------------------------------------------------------------


def test_a_rule_is_summed_up_without_what_was_silenced() -> None:
    firings = [firing("1h", "2h"), firing("3h", "4h"), firing("5h", "6h", silenced=True)]
    [one] = summaries([rule()], firings, WEEK / 2)
    assert (one.fired, one.silenced, one.told) == (3, 1, 2)
    assert one.lasted_s == 3 * 3600
    assert one.per_week == 4.0


def test_a_rule_that_never_fired_is_there_too() -> None:
    quiet, loud = summaries([rule("quiet"), rule()], [firing()], WEEK)
    assert (quiet.rule, quiet.fired, quiet.per_week) == ("quiet", 0, 0.0)
    assert (loud.rule, loud.fired) == ("roas_below_one", 1)


def test_less_than_a_day_says_nothing_of_a_week() -> None:
    [one] = summaries([rule()], [firing()], 86_399.0)
    assert one.per_week is None


# -- with the worker's core ------------------------------------------------------------------------


def little_revenue() -> Rule:
    few = Line("revenue", "5m", "below", 100.0)
    on = {"kpi": "revenue", "window": "5m", "slice": {}, "minimum_sample": 1}
    return rule("little_revenue", few, damp_flaps=False, **on)


def backtested(*events: tuple[str, bytes, str]) -> Backtest:
    test = Backtest(plan(windows=("5m",), slices=[()], rules=[little_revenue()]))
    for kind, value, arrived in events:
        test.feed(kind, value, at_ms(arrived))
    test.finish()
    return test


def test_events_that_are_past_make_the_firings_that_a_worker_would_have_made() -> None:
    test = backtested(
        ("order", order("40.00", "0s"), "0s"),
        ("order", order("30.00", "1m"), "1m"),
        ("order", order("50.00", "2m"), "2m"),
        ("order", order("500.00", "20m"), "20m"),
        ("order", order("1.00", "30m"), "30m"),
    )
    found = [
        (round(f.from_s - START_S, -1), round(f.to_s - START_S, -1), f.worst, f.is_open)
        for f in test.recorder.firings
    ]
    # 120 EUR are enough until 40 of them leave the window, which moves every ten seconds; 2 minutes
    # later it is empty, and then there is nothing to judge.
    assert found == [(0, 120, 40.0, False), (310, 430, 50.0, False), (1800, 1800, 1.0, True)]


def test_the_worst_of_a_silence_in_which_nothing_arrives_is_seen() -> None:
    test = backtested(
        ("order", order("60.00", "0s"), "0s"),
        ("order", order("20.00", "3m"), "3m"),
        ("order", order("500.00", "1h"), "1h"),
    )
    assert test.recorder.firings[0].worst == 20.0


def test_events_that_are_none_are_counted_as_on_a_stream() -> None:
    test = backtested(("order", b"{}", "0s"), ("click", click("1s"), "1s"))
    assert (test.events, test.from_s, test.to_s) == (2, START_S, START_S + 1)
    assert sum(test.driver.counts["order"].values()) == 1
    assert test.driver.dead_letters == []


def test_without_events_there_is_nothing() -> None:
    test = backtested()
    assert (test.events, test.from_s, test.to_s, test.recorder.firings) == (0, 0.0, 0.0, [])
