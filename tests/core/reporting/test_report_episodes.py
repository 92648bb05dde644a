from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.reporting.episodes import AlertTold, WhyTold, episodes


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{clock}:00").replace(tzinfo=UTC)


def change(state: str, when: str, value: float | None = 0.8, **more: Any) -> AlertTold:
    given: dict[str, Any] = {
        "rule": "roas_low",
        "slice": {"channel": "ads"},
        "kpi": "return_on_ad_spend",
        "window": "24h",
        "since": at("09T08:00"),
        "fingerprint": "f1",
        "severity": Severity.critical,
        "baseline": 1.0,
    }
    return AlertTold(state=AlertState(state), changed_at=at(when), value=value, **given | more)


def test_an_episode_lasts_from_firing_to_resolved() -> None:
    why = WhyTold("ads fell", 12.5, "EUR")
    [one] = episodes([change("resolved", "10T09:30"), change("firing", "10T08:00", why=why)])

    assert (one.begun, one.ended) == (at("10T08:00"), at("10T09:30"))
    assert one.lasted_s(at("12T00:00").timestamp()) == 5400
    assert one.lasted_s(at("10T09:00").timestamp()) == 3600
    assert (one.sentence, one.at_stake_per_hour, one.stake_currency) == ("ads fell", 12.5, "EUR")


def test_the_value_farthest_from_the_baseline_is_the_worst() -> None:
    told = [change("firing", f"10T0{n}:00", value) for n, value in ((1, 0.8), (2, 0.5), (3, 0.7))]

    [one] = episodes([*told, change("resolved", "10T05:00", 1.1)])

    assert one.worst == 0.5


def test_an_alert_may_fire_several_times_and_another_slice_is_another_alert() -> None:
    told = [
        change("firing", "10T01:00"),
        change("resolved", "10T02:00"),
        change("firing", "10T03:00"),
        change("firing", "10T01:30", fingerprint="f2", slice={}),
    ]

    found = episodes(told)

    assert [(one.slice, one.begun.hour, one.ended is None) for one in found] == [
        ({"channel": "ads"}, 1, False),
        ({}, 1, True),
        ({"channel": "ads"}, 3, True),
    ]


def test_of_an_unknown_beginning_the_condition_s_is_taken() -> None:
    [one] = episodes([change("resolved", "10T02:00")])

    assert (one.begun, one.ended, one.worst) == (at("09T08:00"), at("10T02:00"), None)


def test_pending_is_no_episode() -> None:
    assert episodes([change("pending", "10T01:00"), change("inactive", "10T02:00")]) == []


def test_an_episode_is_in_a_span_if_it_fires_in_it() -> None:
    [one] = episodes([change("firing", "10T01:00"), change("resolved", "10T02:00")])
    day, next_day = at("10T00:00").timestamp(), at("11T00:00").timestamp()

    assert one.is_in(day, next_day)
    assert not one.is_in(next_day, next_day + 86_400)
    assert one.fires_at(at("10T01:30").timestamp())
    assert not one.fires_at(next_day)
