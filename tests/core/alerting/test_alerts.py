from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.alerts import (
    Alert,
    AlertState,
    decode,
    encode,
    fingerprint,
    holds,
    judge,
    judge_board,
    retire,
)
from kpistream.core.alerting.rules import Rule
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice
from tests.support.alerting import AUTUMN, firing, reading, resolved, rule

LOW, HIGH = reading(0.8), reading(1.2)
WINTER: Slice = (("channel", "ads"), ("campaign", "winter"))


def play(
    watched: Rule, story: Sequence[tuple[float, Reading | None]]
) -> list[tuple[float, AlertState]]:
    """The transitions (when, into what) that a story of readings leads to."""
    state: Alert | None = None
    transitions = []
    for now_s, newest in story:
        state, changed = judge(watched, state, newest, None, now_s)
        if changed:
            assert state is not None
            assert state.changed_at == now_s
            transitions.append((now_s, state.state))
    return transitions


def state_after(watched: Rule, story: Sequence[tuple[float, Reading | None]]) -> Alert:
    state: Alert | None = None
    for now_s, newest in story:
        state, _ = judge(watched, state, newest, None, now_s)
    assert state is not None
    return state


PENDING, FIRING = AlertState.pending, AlertState.firing
RESOLVED, INACTIVE = AlertState.resolved, AlertState.inactive


def test_a_condition_is_pending_until_it_has_held_for_long_enough() -> None:
    story = [(0.0, LOW), (60.0, LOW), (119.9, LOW), (120.0, LOW), (180.0, LOW)]
    assert play(rule(for_s=120.0), story) == [(0.0, PENDING), (120.0, FIRING)]


def test_without_a_wait_an_alert_fires_at_once() -> None:
    assert play(rule(for_s=0.0), [(0.0, LOW)]) == [(0.0, FIRING)]


def test_a_condition_that_clears_in_time_never_fires_and_starts_anew() -> None:
    story = [(0.0, LOW), (100.0, HIGH), (110.0, LOW), (220.0, LOW), (230.0, LOW)]
    assert play(rule(for_s=120.0), story) == [
        (0.0, PENDING),
        (100.0, INACTIVE),
        (110.0, PENDING),
        (230.0, FIRING),
    ]


def test_a_firing_alert_resolves_once_and_can_fire_again() -> None:
    story = [(0.0, LOW), (10.0, HIGH), (20.0, HIGH), (30.0, None), (40.0, LOW)]
    assert play(rule(for_s=0.0), story) == [(0.0, FIRING), (10.0, RESOLVED), (40.0, FIRING)]


def test_nothing_happens_while_the_condition_does_not_hold() -> None:
    assert play(rule(), [(0.0, HIGH), (10.0, None), (20.0, HIGH)]) == []
    assert judge(rule(), None, None, None, 0.0) == (None, False)


@pytest.mark.parametrize("gone", [None, reading(0.8, sample=29)], ids=["missing", "small sample"])
def test_a_missing_reading_or_a_small_sample_ends_an_alert(gone: Reading | None) -> None:
    assert play(rule(for_s=0.0), [(0.0, LOW), (10.0, gone)]) == [(0.0, FIRING), (10.0, RESOLVED)]
    assert play(rule(for_s=60.0), [(0.0, LOW), (10.0, gone)]) == [(0.0, PENDING), (10.0, INACTIVE)]


def test_one_sample_never_fires() -> None:
    assert not holds(rule(), reading(0.0, sample=1), None)


def test_values_of_a_firing_alert_follow_without_a_transition() -> None:
    state = state_after(rule(for_s=0.0), [(0.0, LOW), (10.0, reading(0.5, sample=200))])
    assert (state.state, state.value, state.sample) == (FIRING, 0.5, 200)
    assert (state.since, state.changed_at) == (0.0, 0.0)


def test_since_is_when_the_condition_began_to_hold_even_after_the_end() -> None:
    state = state_after(rule(for_s=60.0), [(5.0, LOW), (65.0, LOW), (90.0, HIGH)])
    assert (state.state, state.since, state.changed_at) == (RESOLVED, 5.0, 90.0)
    assert state.value == 1.2


def test_an_alert_that_lost_its_reading_has_no_value() -> None:
    state = state_after(rule(for_s=0.0), [(0.0, LOW), (10.0, None)])
    assert (state.state, state.value, state.sample) == (RESOLVED, None, 0)
    assert state.slice == AUTUMN


def test_an_alert_makes_at_most_one_transition_a_moment() -> None:
    story = [(10.0, LOW), (10.0, HIGH), (9.0, HIGH)]
    assert play(rule(for_s=0.0), story) == [(10.0, FIRING)]


def test_a_changed_rule_speaks_for_itself_at_once() -> None:
    state, changed = judge(rule(for_s=0.0, owner="somebody else"), firing(), LOW, None, 2e9)
    assert state is not None
    assert (state.owner, changed) == ("somebody else", False)


@given(
    story=st.lists(st.tuples(st.integers(1, 30), st.sampled_from([LOW, HIGH, None]))),
    for_s=st.sampled_from([0.0, 20.0, 60.0]),
)
def test_transitions_follow_the_life_of_an_alert_and_have_names_of_their_own(
    story: list[tuple[int, Reading | None]], for_s: float
) -> None:
    allowed = {
        (INACTIVE, PENDING),
        (INACTIVE, FIRING),
        (PENDING, FIRING),
        (PENDING, INACTIVE),
        (FIRING, RESOLVED),
        (RESOLVED, PENDING),
        (RESOLVED, FIRING),
    }
    now_s, timed = 0.0, []
    for step, newest in story:
        now_s += step
        timed.append((now_s, newest))
    states = [INACTIVE, *(state for _, state in play(rule(for_s=for_s), timed))]
    assert set(pairwise(states)) <= allowed
    assert len(set(play(rule(for_s=for_s), timed))) == len(states) - 1


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ({"below": 1.0}, 0.99, True),
        ({"below": 1.0}, 1.0, False),
        ({"above": 1.0}, 1.0, False),
        ({"above": 1.0}, 1.01, True),
    ],
)
def test_a_threshold_itself_is_not_beyond_it(
    condition: dict[str, float], value: float, expected: bool
) -> None:
    assert holds(rule(**condition), reading(value), None) is expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0.010, 0.0149, False),
        (0.010, 0.015, True),
        (0.2, 0.3, True),  # 0.2 * 1.5 is 0.30000000000000004
        (0.7, 1.05, True),
        (-0.4, -0.3, False),
        (-0.4, -0.2, True),
        (-0.4, -0.6, False),
        (0.0, 0.0, False),
        (0.0, 0.001, False),  # one of a thousand, after none of a thousand
        (0.0, 0.002, True),
    ],
)
def test_a_value_rises_when_it_is_that_much_above_the_window_before(
    before: float, now: float, expected: bool
) -> None:
    assert holds(rule(rises_by=0.5), reading(now), reading(before)) is expected


def test_a_count_rises_from_nothing_at_two() -> None:
    nothing = reading(0.0, denominator=None)
    assert not holds(rule(rises_by=0.5), reading(1.0, denominator=None), nothing)
    assert holds(rule(rises_by=0.5), reading(2.0, denominator=None), nothing)


@pytest.mark.parametrize("before", [None, reading(0.01, sample=29)])
def test_nothing_rises_from_an_unknown_or_badly_known_value(before: Reading | None) -> None:
    assert not holds(rule(rises_by=0.5), reading(0.9), before)


def test_only_a_rise_tells_the_value_before() -> None:
    rising, _ = judge(rule(rises_by=0.5, for_s=0.0), None, reading(0.9), reading(0.1), 0.0)
    assert rising is not None
    assert (rising.value, rising.previous) == (0.9, 0.1)
    low, _ = judge(rule(for_s=0.0), None, LOW, reading(0.1), 0.0)
    assert low is not None
    assert low.previous is None


def test_a_fingerprint_stands_for_rule_slice_and_currency_forever() -> None:
    assert fingerprint("roas_below_one", AUTUMN) == "b09f12135b0d80ec"
    assert fingerprint("roas_below_one", AUTUMN[::-1]) == "b09f12135b0d80ec"
    others = {
        fingerprint("roas_below_one", WINTER),
        fingerprint("roas_below_one", ()),
        fingerprint("roas_below_two", AUTUMN),
        fingerprint("roas_below_one", AUTUMN, "EUR"),
        fingerprint("roas_below_one", AUTUMN, "USD"),
        fingerprint("roas_below_one", AUTUMN),
    }
    assert len(others) == 6


def test_an_alert_survives_its_bytes() -> None:
    assert decode(encode(firing())) == firing()
    assert msgspec.json.decode(msgspec.json.encode(resolved()), type=Alert) == resolved()


def test_bytes_that_are_no_alert_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b"\x93abc")


def test_an_alert_is_published_in_plain_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(resolved().to_dict())) == {
        "kind": "alert",
        "rule": "roas_below_one",
        "state": "resolved",
        "slice": {"channel": "ads", "campaign": "autumn"},
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "comparison": "below",
        "threshold": 1.0,
        "value": 1.2,
        "previous": None,
        "sample": 100,
        "since": "2026-03-01T10:00:00Z",
        "changed_at": "2026-03-01T10:05:00Z",
        "fingerprint": fingerprint("roas_below_one", AUTUMN),
        "severity": "critical",
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
        "currency": None,
    }


def test_people_hear_of_firing_and_resolved_only() -> None:
    pending, _ = judge(rule(), None, LOW, None, 0.0)
    assert pending is not None
    inactive, _ = judge(rule(), pending, HIGH, None, 1.0)
    assert inactive is not None
    heard = [one.is_news for one in (pending, inactive, firing(), resolved())]
    assert heard == [False, False, True, True]


def test_an_alert_without_a_rule_is_retired_once() -> None:
    ended, changed = retire(firing(at_s=0.0), 10.0)
    assert (ended.state, ended.value, changed) == (RESOLVED, None, True)
    assert retire(ended, 20.0) == (ended, False)


def no_window_before(_: Reading) -> Reading | None:
    raise AssertionError("no rule needs the window before")


def test_a_board_is_judged_slice_by_slice_and_currency_by_currency() -> None:
    board = Board(
        (
            reading(0.8, currency="EUR"),
            reading(0.7, currency="USD"),
            reading(1.5, slice=WINTER),
            reading(0.5, slice=()),
            reading(0.5, window="5m"),
        )
    )
    judged = judge_board([rule(for_s=0.0)], {}, board, no_window_before, 0.0)
    assert [(one.slice, one.currency, one.state, changed) for one, changed in judged] == [
        (AUTUMN, "EUR", FIRING, True),
        (AUTUMN, "USD", FIRING, True),
    ]


@pytest.mark.parametrize("value", [0.5, 1.5])
def test_an_alert_stays_as_it_is_on_an_incomplete_reading(value: float) -> None:
    board = Board((reading(value, trust="incomplete"),))
    alert = firing(at_s=0.0)

    assert judge_board([rule(for_s=0.0)], {}, board, no_window_before, 9.0) == []
    judged = judge_board(
        [rule(for_s=0.0)], {alert.fingerprint: alert}, board, no_window_before, 9.0
    )
    assert judged == [(alert, False)]


def test_a_board_asks_for_the_window_before_where_a_rule_needs_it() -> None:
    board = Board((reading(0.9),))
    judged = judge_board([rule(rises_by=0.5, for_s=0.0)], {}, board, lambda _: reading(0.1), 0.0)
    assert [one.previous for one, _ in judged] == [0.1]


@pytest.mark.parametrize(
    "rules", [[rule(for_s=0.0)], [], [rule(slice={})]], ids=["same", "gone", "other slices"]
)
def test_an_alert_whose_reading_or_rule_has_gone_resolves(rules: list[Rule]) -> None:
    alert = firing(at_s=0.0)
    judged = judge_board(rules, {alert.fingerprint: alert}, Board(), no_window_before, 10.0)
    assert [(one.identity, changed) for one, changed in judged] == [
        ((alert.fingerprint, RESOLVED, 10.0), True)
    ]
