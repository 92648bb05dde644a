"""The pane clock: what is closed as time goes on, and how little is looked at for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.windows.pane_clock import MOST_STEPS, STEP_MS, PaneClock
from kpistream.core.windows.panes import ALL_TIERS, DAY_S, Pane, Tier, Tiers

START_MS = 1_772_359_200_000
FAR = Tiers([*ALL_TIERS[:-1], Tier(DAY_S, 800 * DAY_S)])
"""Panes of days that stay open for longer than the clock walks."""


class WatchedClock(PaneClock):
    """A clock that counts the panes that it looks at."""

    looked = 0

    def is_closable(self, pane: Pane) -> bool:
        self.looked += 1
        return super().is_closable(pane)


@pytest.mark.parametrize("width", FAR.widths)
def test_a_step_in_time_looks_at_few_panes_however_many_are_open(width: int) -> None:
    clock = WatchedClock(FAR)
    clock.reach(START_MS)
    clock.closable(width)
    clock.looked = 0
    clock.reach(START_MS + STEP_MS)
    clock.closable(width)
    assert clock.looked <= 2 + DAY_S // width


def in_one_step(width: int, at_ms: int) -> PaneClock:
    """A clock that knows the start, and then the moment, and nothing between."""
    clock = PaneClock(FAR)
    clock.reach(START_MS)
    clock.closable(width)
    clock.reach(at_ms)
    return clock


@given(
    st.sampled_from(FAR.widths),
    st.lists(st.integers(STEP_MS, 900 * DAY_S * 1000), min_size=1, max_size=8),
)
def test_all_that_closes_is_told_of_once_in_whatever_steps_time_goes_on(
    width: int, steps_ms: list[int]
) -> None:
    clock = in_one_step(width, START_MS)
    closed: list[Pane] = []
    now_ms, had_many = START_MS, False
    for step_ms in steps_ms:
        now_ms += step_ms
        clock.reach(now_ms)
        panes = clock.closable(width)
        had_many |= panes is None
        closed += panes or ()
    assert all(map(clock.is_closable, closed))
    assert closed == sorted(set(closed))
    at_once = in_one_step(width, now_ms).closable(width)
    assert had_many or at_once is None or closed == at_once
    if at_once is not None:
        assert len(at_once) <= MOST_STEPS
