"""Panes: each event has one, by its own age at arrival."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.windows import panes as panes_module
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import ALL_TIERS, DAY_S, LONGEST_DAY_S, Pane, Tier, Tiers, longest
from tests.support.zones import ZONES, changes, zones_and_instants

TIERS = Tiers(ALL_TIERS)
IN_ZONE = {zone: Tiers(ALL_TIERS, Days(zone)) for zone in ZONES}
WIDTHS = TIERS.widths

widths = st.sampled_from(WIDTHS)
ages_ms = st.one_of(*(st.integers(0, tier.reach_s * 1000) for tier in ALL_TIERS))


@pytest.mark.parametrize(
    ("age_s", "width_s"),
    [
        (-30, 10),
        (0, 10),
        (899.999, 10),
        (900, 60),
        (7799, 60),
        (7800, 900),
        (52 * 3600, 7200),
        (15 * DAY_S, 21_600),
        (64 * DAY_S, DAY_S),
    ],
)
def test_the_older_an_event_arrives_the_coarser_its_pane(age_s: float, width_s: int) -> None:
    assert TIERS.pane(1_000_000_007.5, age_s) == (width_s, 1_000_000_007 // width_s * width_s)


def test_an_event_beyond_the_last_reach_has_no_pane() -> None:
    assert TIERS.pane(0.0, TIERS.reach_s) is None
    assert TIERS.pane(0.0, TIERS.reach_s - 1) is not None


def test_events_before_1970_have_panes_too() -> None:
    assert TIERS.pane(-0.5, 0) == (10, -10)
    assert TIERS.pane(-0.5, 64 * DAY_S) == (DAY_S, -DAY_S)


@given(zones_and_instants(), widths, st.floats(0, 0.999))
def test_every_instant_is_in_exactly_one_pane_of_each_tier(
    where: tuple[str, int], width_s: int, fraction: float
) -> None:
    zone, at = where
    tiers = IN_ZONE[zone]
    start = tiers.start_of(width_s, at + fraction)
    end = tiers.end_of((width_s, start))

    assert start <= at < end
    assert end - start <= longest(width_s)
    assert tiers.start_of(width_s, start) == tiers.start_of(width_s, end - 0.001) == start
    assert tiers.start_of(width_s, end) == end


@given(zones_and_instants(), widths)
def test_each_pane_lies_wholly_in_one_of_the_next_tier(
    where: tuple[str, int], width_s: int
) -> None:
    zone, at = where
    tiers = IN_ZONE[zone]
    pane = (width_s, tiers.start_of(width_s, at))
    parent = tiers.parent(pane)

    if parent is None:
        assert width_s == DAY_S
    else:
        assert parent[0] == WIDTHS[WIDTHS.index(width_s) + 1]
        assert parent[1] <= pane[1] < tiers.end_of(pane) <= tiers.end_of(parent)


@given(zones_and_instants(), widths)
def test_no_pane_holds_a_local_midnight(where: tuple[str, int], width_s: int) -> None:
    zone, at = where
    tiers = IN_ZONE[zone]
    start = tiers.start_of(width_s, at)

    assert tiers.days.start(start) == tiers.days.start(tiers.end_of((width_s, start)) - 1)


@pytest.mark.parametrize(
    ("zone", "on", "width_s", "hours"),
    [
        ("Europe/Paris", dt.date(2026, 3, 28), 7200, [2.0] * 12),
        ("Europe/Paris", dt.date(2026, 3, 29), 7200, [2.0] * 11 + [1.0]),
        ("Europe/Paris", dt.date(2026, 10, 25), 7200, [2.0] * 12 + [1.0]),
        ("Europe/Paris", dt.date(2026, 3, 29), 21_600, [6.0, 6.0, 6.0, 5.0]),
        ("Europe/Paris", dt.date(2026, 10, 25), 21_600, [6.0, 6.0, 6.0, 6.0, 1.0]),
        ("Europe/Paris", dt.date(2026, 3, 29), DAY_S, [23.0]),
        ("Europe/Paris", dt.date(2026, 10, 25), DAY_S, [25.0]),
        ("Australia/Lord_Howe", dt.date(2026, 4, 5), 21_600, [6.0, 6.0, 6.0, 6.0, 0.5]),
        ("Australia/Lord_Howe", dt.date(2026, 10, 4), 7200, [2.0] * 11 + [1.5]),
        ("America/Sao_Paulo", dt.date(2018, 11, 4), 7200, [2.0] * 11 + [1.0]),
        ("Antarctica/Casey", dt.date(2010, 3, 4), DAY_S, [27.0]),
    ],
)
def test_the_last_piece_of_a_day_is_what_is_left_of_it(
    zone: str, on: dt.date, width_s: int, hours: list[float]
) -> None:
    tiers = IN_ZONE[zone]
    ends = [tiers.days.midnight(on)]
    while ends[-1] < tiers.days.after(ends[0]):
        ends.append(tiers.end_of((width_s, ends[-1])))

    assert [(end - start) / 3600 for start, end in pairwise(ends)] == hours


def test_no_day_is_longer_than_the_longest() -> None:
    for zone in ZONES:
        days = IN_ZONE[zone].days
        for at in changes(zone):
            start = days.start(at - DAY_S)
            assert days.after(days.after(start)) - start <= LONGEST_DAY_S + DAY_S


# -- closing ---------------------------------------------------------------------------------------


@given(zones_and_instants(), st.sampled_from(ALL_TIERS))
def test_a_pane_closes_when_its_last_event_would_be_too_old_for_it(
    where: tuple[str, int], tier: Tier
) -> None:
    zone, at = where
    tiers = IN_ZONE[zone]
    pane = (tier.width_s, tiers.start_of(tier.width_s, at))
    closes_at, last = tiers.closes_at_s(pane), tiers.end_of(pane) - 0.25

    assert tiers.pane(last, tier.reach_s - 0.25) == pane
    assert closes_at == last + 0.25 + tier.reach_s
    assert tiers.pane(last, closes_at - last) != pane


@given(zones_and_instants(), widths)
def test_a_parent_takes_up_its_panes_when_the_last_of_them_closes(
    where: tuple[str, int], width_s: int
) -> None:
    zone, at = where
    tiers = IN_ZONE[zone]
    pane = (width_s, tiers.start_of(width_s, at))
    parent = tiers.parent(pane)
    last = pane if parent is None else (width_s, tiers.start_of(width_s, tiers.end_of(parent) - 1))

    for _ in range(2):  # known and remembered
        assert tiers.last_child_closes_at_s(pane) == tiers.closes_at_s(last)
    assert tiers.closes_at_s(pane) <= tiers.closes_at_s(last)


def test_what_is_remembered_of_panes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panes_module, "_CACHE_LIMIT", 3)
    tiers = Tiers(ALL_TIERS)

    for start in range(0, 100, 10):
        assert tiers.last_child_closes_at_s((10, start)) == (start // 60 + 1) * 60 + 900
    assert len(tiers._last_child_closes) <= 3


# -- periods ---------------------------------------------------------------------------------------


@given(zones_and_instants(), ages_ms, st.integers(1, 31 * DAY_S * 1000))
def test_a_period_is_spread_over_panes_without_gap_or_overlap(
    where: tuple[str, int], age_ms: int, length_ms: int
) -> None:
    zone, start = where
    tiers = IN_ZONE[zone]
    length_ms = min(length_ms, age_ms + 60_000)
    arrived_s, end_s = start + age_ms / 1000, start + length_ms / 1000
    parts = tiers.spread(start, end_s, arrived_s)

    if age_ms >= tiers.reach_s * 1000:
        assert parts is None
        return
    assert parts is not None
    assert sum(weight for _, weight in parts) == length_ms
    assert len({pane for pane, _ in parts}) == len(parts)
    begins = accumulate((weight for _, weight in parts), initial=start * 1000)
    for (pane, weight), begin in zip(parts, begins, strict=False):
        assert weight > 0
        assert pane[1] * 1000 <= begin < begin + weight <= tiers.end_of(pane) * 1000
        assert tiers.closes_at_s(pane) > arrived_s
        middle = (begin + weight / 2) / 1000
        assert tiers.pane(middle, arrived_s - middle) == pane


def test_where_tiers_meet_the_older_part_goes_to_the_coarser_pane() -> None:
    tiers = Tiers(ALL_TIERS[:2])
    start = 1_000_000_020  # a full minute
    parts = tiers.spread(start, start + 60, start + 915.5)

    assert parts == [
        ((60, start), 15_500),
        ((10, start + 10), 4_500),
        ((10, start + 20), 10_000),
        ((10, start + 30), 10_000),
        ((10, start + 40), 10_000),
        ((10, start + 50), 10_000),
    ]


def test_a_day_of_costs_that_arrives_the_next_morning_is_in_panes_of_a_quarter_hour() -> None:
    midnight = TIERS.start_of(DAY_S, 1_700_000_000)
    parts = TIERS.spread(midnight, midnight + DAY_S, midnight + DAY_S + 9 * 3600)

    assert parts == [((900, midnight + 900 * nth), 900_000) for nth in range(96)]


def test_a_period_too_short_to_tell_is_a_millisecond() -> None:
    assert TIERS.spread(5.0001, 5.0002, 10.0) == [((10, 0), 1)]


def test_a_period_that_starts_too_long_ago_has_no_panes() -> None:
    assert TIERS.spread(0.0, TIERS.reach_s, TIERS.reach_s) is None
    assert TIERS.spread(0.001, TIERS.reach_s, TIERS.reach_s) is not None


# -- tiers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Antarctica/Casey"])
def test_a_slice_holds_at_most_923_panes(zone: str) -> None:
    most = {10: 97, 60: 131, 900: 208, 7200: 158, 21_600: 201, DAY_S: 128}
    assert sum(most.values()) == 923
    for now in range(1_700_000_000, 1_700_000_000 + 366 * DAY_S, DAY_S + 3607):
        held = Counter(width for width, _ in panes_held(IN_ZONE[zone], now))
        assert held.total() >= 880
        assert all(held[width] <= most[width] for width in WIDTHS), held


def panes_held(tiers: Tiers, now_s: int) -> list[Pane]:
    """The panes that events of all ages have left behind at ``now_s``."""
    held = []
    youngest_s = 0
    for tier in tiers.tiers:
        pane = (tier.width_s, tiers.start_of(tier.width_s, now_s - youngest_s))
        while tiers.last_child_closes_at_s(pane) >= now_s:
            held.append(pane)
            pane = (tier.width_s, tiers.start_of(tier.width_s, pane[1] - 1))
        youngest_s = tier.reach_s
    return held


def test_tiers_know_their_widths_and_days() -> None:
    assert WIDTHS == (10, 60, 900, 7200, 21_600, 86_400)
    assert TIERS.finest == Tier(10, 900)
    assert TIERS.has_width(7200)
    assert not TIERS.has_width(3600)
    assert TIERS.days == Days("UTC")
    assert IN_ZONE["Asia/Kathmandu"].days == Days("Asia/Kathmandu")


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        [Tier(10, 60), Tier(15, 120)],
        [Tier(10, 60), Tier(20, 60)],
    ],
)
def test_tiers_that_do_not_extend_each_other_are_refused(tiers: list[Tier]) -> None:
    with pytest.raises(ValueError, match="tier"):
        Tiers(tiers)


@pytest.mark.parametrize("width_s", [7, 600, 1000, 5 * 3600, 2 * DAY_S])
def test_panes_that_a_local_midnight_could_cut_are_refused(width_s: int) -> None:
    with pytest.raises(ValueError, match="its width must divide 900 s, or a day into quarter"):
        Tiers([Tier(width_s, 900)])
