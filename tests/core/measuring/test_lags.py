"""Lags: how long after they occurred events arrive, learned from the records."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.measuring.lags import (
    EDGES_S,
    LADDER,
    LONGEST_S,
    USUAL,
    Lags,
    LagsRow,
    settle_for,
)
from kpistream.core.windows.windows import parse_window

DAY_S = 86_400
NOON_S = 20_000 * DAY_S + DAY_S // 2
some_lags = st.lists(st.floats(-60, 10_000_000), min_size=1, max_size=50)
batches = st.lists(st.tuples(some_lags, st.integers(0, 3 * DAY_S)), min_size=1, max_size=8)


def known(*lags_s: float, at_s: float = NOON_S) -> Lags:
    lags = Lags()
    lags.add(lags_s, 1, at_s)
    return lags


def rounded(lag_s: float) -> int:
    """A lag as it is told: the edge of its bucket."""
    return next((edge for edge in EDGES_S if edge >= lag_s), LONGEST_S) if lag_s > 1 else 0


def events(lags: Lags) -> float:
    """How many events of the newest day are known."""
    return sum(weight for _, weight in lags.row().today)


# -- one day ---------------------------------------------------------------------------------------


@given(some_lags, st.sampled_from([0.05, 0.5, 0.9, USUAL, 1.0]))
def test_a_quantile_is_the_lag_within_which_that_share_arrived_rounded_up(
    lags_s: list[float], share: float
) -> None:
    exact = sorted(lags_s)[max(0, ceil(round(share * len(lags_s), 6)) - 1)]

    assert known(*lags_s).quantile(share) == rounded(exact)


def test_the_lag_of_few_events_is_the_longest_of_them() -> None:
    assert known(*[5.0] * 18, 7000.0).quantile(USUAL) == 7200
    assert known(*[5.0] * 19, 7000.0).quantile(USUAL) == 6


def test_without_events_there_is_no_lag() -> None:
    assert Lags().quantile(USUAL) == 0
    assert known().quantile(USUAL) == 0


@pytest.mark.parametrize("lag_s", [-60.0, 0.0, 0.3, 1.0])
def test_what_arrives_within_a_second_has_no_lag(lag_s: float) -> None:
    assert known(lag_s).quantile(USUAL) == 0


def test_an_event_may_stand_for_many() -> None:
    lags = known(7000.0)
    lags.add([5.0], 18, NOON_S)
    assert lags.quantile(USUAL) == 7200
    lags.add([5.0], 1, NOON_S)
    assert lags.quantile(USUAL) == 6


def test_buckets_halve_each_doubling_and_reach_64_days() -> None:
    assert (EDGES_S[0], EDGES_S[-1]) == (1, 64 * DAY_S)
    assert all(fine < coarse <= 1.51 * fine for fine, coarse in pairwise(EDGES_S[2:]))
    assert known(1e9).quantile(USUAL) == 64 * DAY_S


# -- many days -------------------------------------------------------------------------------------


def test_history_that_is_loaded_at_once_is_forgotten_within_eleven_days() -> None:
    lags = Lags()
    lags.add([30 * DAY_S] * 1000, 1000, NOON_S)
    told = []
    for day in range(1, 14):
        lags.add([20.0] * 10, 1, NOON_S + day * DAY_S)
        told.append(lags.quantile(USUAL))

    assert min(told[:9]) > 30 * DAY_S
    assert set(told[10:]) == {23}


def test_a_busy_day_counts_as_much_as_a_quiet_one() -> None:
    lags = known(20.0, at_s=NOON_S)
    lags.add([5000.0] * 99, 1, NOON_S + DAY_S)
    lags.add([20.0], 1, NOON_S + 2 * DAY_S)

    assert (lags.quantile(0.5), lags.quantile(0.65)) == (23, 5793)


def test_a_day_that_has_only_begun_counts_little() -> None:
    lags = known(20.0)
    midnight_s = NOON_S + DAY_S // 2
    lags.add([5000.0], 1, midnight_s + 600)
    assert lags.quantile(USUAL) == 23

    lags.add([5000.0], 1, midnight_s + 6 * 3600)
    assert lags.quantile(USUAL) == 5793


def test_days_without_events_let_the_others_fade_alike() -> None:
    lags = known(*[20.0] * 90, *[5000.0] * 10)
    lags.add([20.0], 1, NOON_S + 7 * DAY_S)

    assert dict(lags.row().past) == {23: 0.45, 5793: 0.05}


def test_an_arrival_of_an_earlier_day_counts_as_one_of_the_newest() -> None:
    lags = known(20.0)
    lags.add([20.0], 1, NOON_S - 3 * DAY_S)

    assert events(lags) == 2


@given(batches, st.data())
def test_lags_follow_from_the_records_however_they_come_in_batches(
    taken: list[tuple[list[float], int]], data: st.DataObject
) -> None:
    at_once, cut, at_s = Lags(), Lags(), float(NOON_S)
    for lags_s, passes_s in taken:
        at_s += passes_s
        at_once.add(lags_s, 1, at_s)
        where = data.draw(st.integers(0, len(lags_s)))
        cut.add(lags_s[:where], 1, at_s)
        cut.add(lags_s[where:], 1, at_s)

    assert at_once.row() == cut.row()


# -- restoring -------------------------------------------------------------------------------------


@given(batches)
def test_lags_go_on_from_a_row_as_if_nothing_had_been(
    taken: list[tuple[list[float], int]],
) -> None:
    lags, restarted, at_s = Lags(), Lags(), float(NOON_S)
    for lags_s, passes_s in taken:
        at_s += passes_s
        lags.add(lags_s, 1, at_s)
        restarted.add(lags_s, 1, at_s)
        value = msgspec.json.encode(restarted.row())
        restarted = Lags.restored(msgspec.json.decode(value, type=LagsRow))

    assert restarted.row() == lags.row()
    assert restarted.quantile(USUAL) == lags.quantile(USUAL)


def test_a_bucket_that_is_no_more_goes_to_the_next_longer_one() -> None:
    lags = Lags.restored(LagsRow(NOON_S, [], [(1000, 3.0), (10**9, 1.0)]))

    assert lags.row().today == [(1024, 3.0), (LONGEST_S, 1.0)]


# -- the ladder ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lag_s", "delay_s"),
    [(0, 0), (1, 900), (900, 900), (901, 3600), (86_400, 86_400), (172_800, 172_800)],
)
def test_a_source_is_settled_by_the_next_step_of_the_ladder(lag_s: int, delay_s: int) -> None:
    assert settle_for(lag_s) == delay_s


def test_what_takes_longer_than_the_ladder_is_settled_by_its_last_step() -> None:
    assert settle_for(LONGEST_S) == 172_800


@given(st.floats(2, 172_800))
def test_rounding_a_lag_never_leads_to_a_higher_step(lag_s: float) -> None:
    assert settle_for(known(lag_s).quantile(USUAL)) == settle_for(ceil(lag_s))


def test_each_step_of_the_ladder_settles_a_day() -> None:
    for delay_s in LADDER[1:]:
        assert parse_window(f"24h@{delay_s}s").length_s == DAY_S
