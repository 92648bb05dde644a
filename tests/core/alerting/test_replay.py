from __future__ import annotations

import pytest
from msgspec.structs import replace

from kpistream.core.alerting.conditions import Line
from kpistream.core.alerting.replay import Clock
from kpistream.core.alerting.rules import Rule, Severity
from kpistream.core.driver import Driver
from tests.support.builders import START_MS, at_ms, order, plan


def little_revenue(for_s: float = 0.0) -> Rule:
    return Rule(
        name="little_revenue",
        kpi="revenue",
        window="5m",
        when=Line("revenue", "5m", "below", 100.0),
        confidence=None,
        for_s=for_s,
        minimum_sample=1,
        severity=Severity.warning,
        owner="shop",
        action="Look.",
        summary="Little revenue.",
    )


def changes(rule: Rule, *orders: tuple[str, str], until: str) -> list[tuple[str, float]]:
    """The states that the rule's alert entered, and how many seconds after the start."""
    driver = Driver(plan(windows=("5m",), slices=[()], rules=[rule]))
    clock = Clock(driver, [rule], START_MS)
    found = []
    for amount, at in orders:
        found += [alert for step in clock.pass_to(at_ms(at)) for alert in step]
        found += driver.feed("order", order(amount, at), at_ms(at))
    found += [alert for step in clock.pass_to(at_ms(until)) for alert in step]
    return [(alert.state.value, alert.changed_at - START_MS / 1000) for alert in found]


def test_a_wait_ends_when_it_does_however_long_nothing_comes() -> None:
    found = changes(little_revenue(for_s=3), ("40.00", "11s"), until="19s")
    assert found == [("pending", 12), ("firing", pytest.approx(15, abs=0.002))]


def test_what_comes_and_goes_within_a_long_silence_is_seen() -> None:
    orders = [("60.00", "0s"), ("50.00", "2m"), ("500.00", "3h")]
    found = changes(little_revenue(), *orders, until="3h")
    # Until minute 2 there is one order, from minute 5 on the other, and from minute 7 on none.
    assert [state for state, _ in found] == ["firing", "resolved", "firing", "resolved"]
    assert 300 <= found[2][1] <= 310


def test_a_firing_alert_ends_when_it_was_kept_for_long_enough() -> None:
    rule = replace(little_revenue(), keep_firing_for_s=17.0)
    found = changes(rule, ("40.00", "0s"), ("500.00", "60s"), until="5m")
    [(fires, _), (resolves, at)] = found
    # The condition held last just before the second order was judged, at second 61.
    assert (fires, resolves) == ("firing", "resolved")
    assert 76 <= at <= 78.1


def test_a_silence_goes_from_one_round_ten_seconds_to_the_next_but_for_what_waits() -> None:
    rule = little_revenue(for_s=7)
    driver = Driver(plan(windows=("5m",), slices=[()], rules=[rule]))
    clock = Clock(driver, [rule], START_MS)

    def moments(until: str) -> list[float]:
        return [(clock.now_ms - START_MS) / 1000 for _ in clock.pass_to(at_ms(until))]

    assert moments("34s") == [1, 10, 20, 30, 34]
    list(driver.feed("order", order("40.00", "34s"), at_ms("34s")))
    assert moments("55s") == [35, 40, 42.001, 50, 55]


def test_time_does_not_go_back() -> None:
    clock = Clock(Driver(plan(windows=("5m",))), [], START_MS)
    assert list(clock.pass_to(START_MS - 1)) == []
    assert clock.now_ms == START_MS
