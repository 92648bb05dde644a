"""A day of history: what is recorded comes back, and what was not is known as such."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.past.history_day import (
    SLOTS,
    HistoryDay,
    decode_day,
    encode_day,
    is_of,
)
from kpistream.core.measuring.partials import Sums

CLICKS = frozenset({"clicks"})
BOTH = frozenset({"clicks", "revenue"})

slots = st.integers(0, SLOTS - 1)
amounts = st.integers(-(10**40), 10**40) | st.integers(-300, 300)
some_sums = st.dictionaries(st.sampled_from(["clicks", "revenue@EUR", "revenue@*"]), amounts)
recordings = st.lists(st.tuples(slots, st.sampled_from([CLICKS, BOTH]), some_sums))


def _recorded(steps: list[tuple[int, frozenset[str], Sums]]) -> HistoryDay:
    day = HistoryDay()
    for slot, measures, sums in steps:
        day.write(slot, measures, sums)
    return day


def _chosen(sums: Sums, measures: frozenset[str]) -> Sums:
    return {key: n for key, n in sums.items() if n and key.partition("@")[0] in measures}


@given(recordings)
def test_each_measure_is_what_was_recorded_of_it_last(
    steps: list[tuple[int, frozenset[str], Sums]],
) -> None:
    day = decode_day(encode_day(_recorded(steps)))

    for name in BOTH:
        one = frozenset({name})
        last = {slot: _chosen(sums, one) for slot, measures, sums in steps if name in measures}
        assert {n: day.read(n, one) for n in range(SLOTS)} == {n: last.get(n) for n in range(SLOTS)}


@given(recordings, recordings)
def test_a_newer_copy_replaces_what_it_has_recorded_and_nothing_else(
    older: list[tuple[int, frozenset[str], Sums]], newer: list[tuple[int, frozenset[str], Sums]]
) -> None:
    day = _recorded(older)
    day.take(_recorded(newer))

    assert encode_day(_sorted(day)) == encode_day(_sorted(_recorded([*older, *newer])))


def _sorted(day: HistoryDay) -> HistoryDay:
    return HistoryDay(dict(sorted(day.known.items())), dict(sorted(day.columns.items())))


def test_a_slot_without_events_is_known_and_one_that_was_not_recorded_is_not() -> None:
    day = _recorded([(0, BOTH, {}), (1, CLICKS, {"clicks": 2})])

    assert [day.read(slot, CLICKS) for slot in (0, 1, 2)] == [{}, {"clicks": 2}, None]
    assert [day.read(slot, BOTH) for slot in (0, 1, 2)] == [{}, None, None]


def test_nothing_is_known_of_no_measures() -> None:
    day = _recorded([(0, CLICKS, {"clicks": 1})])

    assert day.read(0, frozenset()) is None


def test_zeros_take_no_room() -> None:
    day = _recorded([(3, CLICKS, {"clicks": 0}), (4, CLICKS, {"clicks": 7}), (4, CLICKS, {})])

    assert day.is_empty
    assert [day.read(slot, CLICKS) for slot in (2, 3, 4, 5)] == [None, {}, {}, None]


@pytest.mark.parametrize(("largest", "size"), [(127, 24), (128, 48), (-32_768, 72), (10**30, 312)])
def test_a_column_is_as_wide_as_its_largest_sum(largest: int, size: int) -> None:
    day = _recorded([(5, CLICKS, {"clicks": largest}), (6, CLICKS, {"clicks": 1})])

    assert len(day.columns["clicks"]) == size
    assert day.read(5, CLICKS) == {"clicks": largest}


@pytest.mark.parametrize(
    ("key", "is_in"),
    [
        ("revenue@EUR", True),
        ("revenue@*", True),
        ("clicks", False),
        ("refunds@EUR", True),
        ("refunds@USD", False),
        ("revenue#USD", False),
        ("revenue!USD", False),
        ("revenue!#USD", False),
    ],
)
def test_a_measure_of_money_is_all_that_has_a_worth_and_a_key_is_itself(
    key: str, is_in: bool
) -> None:
    assert is_of(key, frozenset({"revenue", "refunds@EUR"})) is is_in
