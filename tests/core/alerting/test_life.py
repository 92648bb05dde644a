"""The life of an alert: when it begins to fire, when it ends, and what keeps it from flapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.alerts import Alert, AlertState, begun
from kpistream.core.alerting.life import FLAP_HOLD_S, LONGEST_HOLD_S, hold_s, retire, step
from kpistream.core.alerting.rules.rule import Rule
from tests.support.alerting import AUTUMN, START, rule


def alive(of: Rule) -> Alert:
    """An alert whose condition begins to hold at the usual moment."""
    return begun(of, AUTUMN, None, "ratio", (), START)


def states(of: Rule, *moments: tuple[float, bool]) -> list[str]:
    """The states after each moment (seconds after the start, whether the condition holds)."""
    alert, seen = alive(of), []
    for after_s, holding in moments:
        alert = step(alert, of, holding=holding, now_s=START + after_s)
        seen.append(alert.state.value)
    return seen


@pytest.mark.parametrize(
    ("named", "moments", "expected"),
    [
        ({"for_s": 0.0}, [(0, True)], ["firing"]),
        ({"for_s": 60.0}, [(0, True), (59, True), (60, True)], ["pending", "pending", "firing"]),
        (
            {"for_s": 60.0},
            [(0, True), (30, False), (31, True), (90, True), (91, True)],
            ["pending", "inactive", "pending", "pending", "firing"],
        ),
        ({"for_s": 0.0}, [(0, True), (1, False)], ["firing", "resolved"]),
        (
            {"for_s": 0.0, "keep_firing_for_s": 30.0},
            [(0, True), (10, True), (39, False), (40, False)],
            ["firing", "firing", "firing", "resolved"],
        ),
        (
            {"for_s": 0.0, "keep_firing_for_s": 30.0},
            [(0, True), (20, False), (25, True), (50, False), (55, False)],
            ["firing", "firing", "firing", "firing", "resolved"],
        ),
        ({"for_s": 0.0}, [(0, True), (5, False), (6, True)], ["firing", "resolved", "firing"]),
    ],
    ids=[
        "at once",
        "after it has held for a while",
        "a break starts the wait anew",
        "it ends with its condition",
        "it goes on for a while after its condition",
        "a condition that comes back starts the while anew",
        "it may begin again",
    ],
)
def test_an_alert_goes_from_state_to_state(
    named: dict[str, float], moments: list[tuple[float, bool]], expected: list[str]
) -> None:
    assert states(rule(**named), *moments) == expected


def test_one_moment_makes_one_transition() -> None:
    of = rule(for_s=0.0)
    firing = step(alive(of), of, holding=True, now_s=START)

    assert step(firing, of, holding=False, now_s=START) == firing


def test_a_firing_tells_since_when_its_condition_holds() -> None:
    of = rule(for_s=60.0)
    pending = step(alive(of), of, holding=True, now_s=START)
    firing = step(pending, of, holding=True, now_s=START + 60)

    assert (firing.since, firing.changed_at) == (START, START + 60)
    assert firing.held_at == START + 60
    assert firing.fired_at == (START + 60,)


def flap(of: Rule, times: int, apart_s: float) -> Alert:
    """An alert that fired so many times, each time ended by a long silence of its condition."""
    alert, now = alive(of), START
    for _ in range(times):
        while not alert.is_active:
            alert = step(alert, of, holding=True, now_s=now)
            now += 1
        if len(alert.fired_at) == times:
            break
        while alert.is_active:
            alert = step(alert, of, holding=False, now_s=now)
            now += apart_s
    return alert


@pytest.mark.parametrize(
    ("firings", "held"), [(1, 0.0), (2, FLAP_HOLD_S), (3, 2 * FLAP_HOLD_S), (4, 4 * FLAP_HOLD_S)]
)
def test_each_further_firing_is_held_twice_as_long(firings: int, held: float) -> None:
    of = rule(for_s=0.0, damp_flaps=True)
    alert = flap(of, firings, apart_s=60)

    assert len(alert.fired_at) == firings
    assert hold_s(alert, of) == held


def test_a_rule_may_ask_for_a_longer_hold_or_for_none() -> None:
    longer = rule(for_s=0.0, damp_flaps=True, keep_firing_for_s=3_000.0)
    none = rule(for_s=0.0, damp_flaps=False)

    assert hold_s(flap(longer, 2, 60), longer) == 3_000.0
    assert hold_s(flap(none, 5, 60), none) == 0.0


def test_firings_of_long_ago_do_not_count() -> None:
    of = rule(for_s=0.0, damp_flaps=True)
    alert = flap(of, 3, apart_s=9_000)

    assert hold_s(alert, of) == 0.0


@given(st.lists(st.booleans(), min_size=50, max_size=400))
def test_a_flapping_alert_fires_a_few_times_in_an_hour_at_most(holding: list[bool]) -> None:
    of = rule(for_s=0.0, damp_flaps=True)
    alert = alive(of)
    for number, holds in enumerate(holding):
        alert = step(alert, of, holding=holds, now_s=START + number * 3600 / len(holding))

    # 0 + 5 + 10 + 20 + 40 minutes: the fifth would end after the hour.
    assert len(alert.fired_at) <= 5
    assert hold_s(alert, of) <= LONGEST_HOLD_S


def test_the_end_of_a_rule_is_the_end_of_its_alerts() -> None:
    of = rule(for_s=60.0)
    pending = step(alive(of), of, holding=True, now_s=START)
    firing = step(pending, of, holding=True, now_s=START + 60)

    assert retire(pending, START + 1).state is AlertState.inactive
    assert retire(firing, START + 61).state is AlertState.resolved
    assert retire(firing, START + 60) == firing
