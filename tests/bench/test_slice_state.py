from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bench.slice_state import START_S, Rows, feed_panes, live_state, old_state, shipped_plan
from kpistream.core.windows.panes import Pane, Tier, Tiers
from kpistream.core.windows.windows import parse_window

FEW_TIERS = Tiers([Tier(10, 60), Tier(60, 300), Tier(900, 3_600)])


def test_a_feed_covers_the_time_without_gaps_and_repeats() -> None:
    panes = list(feed_panes(FEW_TIERS, START_S, START_S + 7_200))

    assert panes[0][1] == START_S
    assert all(sum(one) == after[1] for one, after in pairwise(panes))
    assert sum(panes[-1]) == START_S + 7_200


def test_a_feed_is_of_finest_panes_in_the_end_and_never_of_the_coarsest() -> None:
    panes = list(feed_panes(FEW_TIERS, START_S, START_S + 7_200))

    assert {width for width, _ in panes} == {60, 10}
    assert panes[-1][0] == 10


def test_what_is_fed_coarsely_ends_in_the_same_rows_as_what_is_fed_in_finest_panes() -> None:
    plan = replace(shipped_plan(10), windows=(parse_window("5m"), parse_window("1h")), rules=())
    short = old_state(1, people=3, plan=plan)
    finest = old_state(1, people=3, plan=plan, feed=_finest)

    assert {w: r.count for w, r in short.merged.items()} == {
        w: r.count for w, r in finest.merged.items()
    }
    assert 0.95 < _size(short.merged) / _size(finest.merged) < 1.05


def test_new_people_take_more_room_than_always_the_same() -> None:
    plan = replace(shipped_plan(10), windows=(parse_window("5m"), parse_window("1h")), rules=())
    same, new = (old_state(1, people, plan) for people in (1, None))

    assert _size(new.merged) > 1.2 * _size(same.merged)
    assert same.memory > 0


def test_every_slice_has_rows_in_each_pane_of_each_partition() -> None:
    state = live_state(slices=20, seconds=60)

    assert state.slices == 19
    assert state.measured.count == 19 * 4 * 6
    assert state.merged[10].count == 19 * 6


def _finest(tiers: Tiers, start_s: int, end_s: int) -> list[Pane]:
    return [(10, at_s) for at_s in range(start_s, end_s, 10)]


def _size(merged: dict[int, Rows]) -> int:
    return sum(rows.size for rows in merged.values())
