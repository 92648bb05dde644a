from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.reporting.building import build
from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.findings import Findings, KpiFacts, Measured, Point
from kpistream.core.reporting.period import period_with
from kpistream.core.reporting.report import KpiResult
from kpistream.core.windows.days import Days

WEEK = period_with("week", date(2026, 3, 11), Days())
LATER_S = WEEK.to_s + 86_400.0
STEADY = [100.0, 104, 98, 101, 97, 102, 99]


def facts(kpi: str, **more: Any) -> KpiFacts:
    given: dict[str, Any] = {
        "name": {"en": kpi.title()},
        "description": {"en": kpi},
        "unit": "count",
        "has_money": False,
        "direction": "up",
        "owner": "web",
        "action": f"mend {kpi}",
    }
    return KpiFacts(id=kpi, **given | more)


def days(values: list[float]) -> list[Point]:
    return [Point(one, one, None, round(one)) for one in values]


def counted(now: list[float], before: list[float]) -> Measured:
    def whole(values: list[float]) -> Point:
        return Point(sum(values), sum(values), None, round(sum(values)))

    return Measured(whole(now), whole(before), days(now), days(before))


def findings(totals: dict[str, Measured], *kpis: KpiFacts, **more: Any) -> Findings:
    known = kpis or tuple(facts(kpi) for kpi in totals)
    given: dict[str, Any] = {
        "period": WEEK,
        "as_of_s": LATER_S,
        "currency": "EUR",
        "source": "files",
        "asked": "a.ndjson",
        "boards": {"overview": [one.id for one in known]},
        "kpis": known,
        "totals": totals,
    }
    return Findings(**given | more)


def only(found: Findings) -> KpiResult:
    [one] = build(found).kpis
    return one


def test_a_clear_change_is_better_or_worse_by_the_kpi_s_direction() -> None:
    grown = counted([one + 50 for one in STEADY], STEADY)

    up = only(findings({"orders": grown}))
    down = only(findings({"bounces": grown}, facts("bounces", direction="down")))

    assert (up.trend, down.trend) == ("better", "worse")
    assert up.change == 350
    assert up.relative == pytest.approx(350 / 701)
    assert up.chance is not None
    assert up.chance < 0.001
    assert up.methods == ("days", "counts")


def test_a_change_that_chance_makes_too_is_not_called_clear() -> None:
    one = only(findings({"orders": counted([one + 2 for one in STEADY], STEADY)}))

    assert one.trend == "unclear"
    assert one.relative == pytest.approx(14 / 701)


def test_of_many_kpis_that_only_wobble_none_is_called_clear_for_its_luck() -> None:
    """One p-value of 0.03 among twenty is what chance brings."""
    lucky = counted([one + 12 for one in STEADY], STEADY)
    alone = only(findings({"lucky": lucky}))
    steady = {f"k{n}": counted(STEADY, [*STEADY[1:], STEADY[0] + 1]) for n in range(20)}

    found = build(findings({"lucky": lucky, **steady}))

    assert alone.chance is not None
    assert 0.005 < alone.chance < 0.05
    assert alone.trend == "better"
    assert {one.trend for one in found.kpis} == {"unclear"}


def test_too_few_events_say_nothing() -> None:
    few = findings({"orders": counted([3.0] * 7, [1.0] * 7)}, facts("orders", minimum_sample=30))

    assert only(few).trend == "few"


@pytest.mark.parametrize(
    ("value", "direction", "verdict"),
    [
        (0.40, "down", "good"),
        (0.41, "down", "missed"),
        (0.61, "down", "urgent"),
        (0.40, "up", "good"),
        (0.39, "up", "missed"),
    ],
)
def test_a_value_is_held_against_its_target(value: float, direction: str, verdict: str) -> None:
    limit = facts(
        "bounce_rate",
        unit="ratio",
        direction=direction,
        target=0.4,
        urgent=0.6 if direction == "down" else 0.2,
    )
    one = only(findings({"bounce_rate": Measured(Point(value, value * 100, 100.0, 100))}, limit))

    assert one.verdict == verdict


def test_no_denominator_is_no_value_and_no_verdict() -> None:
    one = only(findings({"rate": Measured(Point())}, facts("rate", unit="ratio", target=0.5)))

    assert (one.value, one.verdict, one.trend, one.change) == (None, "none", "none", None)


def test_a_period_that_runs_is_compared_with_nothing() -> None:
    running = findings({"orders": counted(STEADY, STEADY)}, as_of_s=WEEK.to_s - 3600.0)

    report = build(running)

    assert not report.is_over
    assert report.span_before is None
    assert [note.kind for note in report.notes] == ["running"]
    assert report.kpis[0].before is None


def test_a_period_before_that_is_not_known_in_whole_is_compared_with_nothing() -> None:
    half = counted(STEADY, STEADY)
    half = replace(half, days_before=[Point(), Point(), *half.days_before[2:]])

    report = build(findings({"orders": half}))

    [note] = report.notes
    assert (note.kind, note.facts) == ("before_begins", {"first": "2026-03-04"})
    assert (report.kpis[0].before, report.kpis[0].trend) == (None, "none")


def test_an_empty_period_says_so() -> None:
    report = build(findings({"orders": Measured(Point(), Point(), [Point()] * 7, [Point()] * 7)}))

    assert [note.kind for note in report.notes] == ["empty", "no_before"]
    assert report.kpis[0].value is None


def test_what_is_incomplete_is_named() -> None:
    measured = counted(STEADY, STEADY)
    torn = replace(measured, now=msgspec.structs.replace(measured.now, complete=False))

    report = build(findings({"orders": torn}))

    [note] = report.notes
    assert (note.kind, note.facts) == ("incomplete", {"kpis": ["orders"]})


def test_a_funnel_tells_which_part_takes_the_next_step() -> None:
    totals = {"visits": counted([100.0] * 7, STEADY), "orders": counted([4.0] * 7, STEADY)}
    given = findings(
        totals,
        facts("visits"),
        facts("orders"),
        boards={"overview": ["orders"]},
        funnels={"shop": ["visits", "orders"]},
    )

    report = build(given)

    [funnel] = report.funnels
    assert [(step.kpi, step.value, step.of_previous) for step in funnel.steps] == [
        ("visits", 700.0, None),
        ("orders", 28.0, 0.04),
    ]
    assert [one.id for one in report.kpis] == ["orders"]


def episode(rule: str, begun_day: int, ended_day: int | None, **more: Any) -> Episode:
    given: dict[str, Any] = {
        "slice": {},
        "kpi": "orders",
        "window": "24h",
        "unit": "count",
        "severity": Severity.warning,
        "owner": "web",
        "action": "look at the site",
    }
    begun, ended = (
        None if day is None else datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day - 1)
        for day in (begun_day, ended_day)
    )
    assert begun is not None
    return Episode(rule=rule, begun=begun, ended=ended, **given | more)


def test_the_alerts_of_the_period_are_those_that_fired_in_it_the_gravest_first() -> None:
    episodes = [
        episode("before", 3, 5),
        episode("reaching_in", 8, 10),
        episode("critical", 12, 13, severity=Severity.critical),
        episode("on", 14, None),
        episode("after", 17, None),
    ]

    report = build(findings({"orders": counted(STEADY, STEADY)}, episodes=episodes))

    assert [one.rule for one in report.alerts] == ["on", "critical", "reaching_in"]


def test_duties_are_grouped_by_owner_and_an_action_is_there_once() -> None:
    worse = counted([one / 2 for one in STEADY], STEADY)
    given = findings(
        {"orders": worse, "leads": worse, "calls": counted(STEADY, STEADY)},
        facts("orders", action="look at the site"),
        facts("leads", owner="sales"),
        facts("calls"),
        episodes=[episode("on", 14, None), episode("over", 10, 11)],
    )

    duties = build(given).duties

    assert [(one.owner, [task.action for task in one.tasks]) for one in duties] == [
        ("web", ["look at the site"]),
        ("sales", ["mend leads"]),
    ]
    reasons = duties[0].tasks[0].reasons
    assert [(one.kind, one.rule) for one in reasons] == [("worse", ""), ("firing", "on")]
    assert reasons[0].against == sum(STEADY)


def test_the_document_can_be_sent_on() -> None:
    report = build(
        findings({"orders": counted(STEADY, STEADY)}, episodes=[episode("on", 14, None)])
    )

    document = msgspec.json.decode(msgspec.json.encode(report.to_dict()))

    assert document["kind"] == "report"
    assert document["span"] == {
        "first": "2026-03-09",
        "last": "2026-03-15",
        "begins": "2026-03-09T00:00:00Z",
        "ends": "2026-03-16T00:00:00Z",
    }
    assert document["kpis"][0]["value"] == 701
    assert document["alerts"][0]["begun"] == "2026-03-14T00:00:00Z"
