"""Panes: each event has one, by its own age at arrival."""

from __future__ import annotations

import pytest

from kpistream.core.panes import ALL_TIERS, Tier, Tiers

TIERS = Tiers(ALL_TIERS)


@pytest.mark.parametrize(
    ("age_s", "width_s"),
    [
        (-30, 10),
        (0, 10),
        (899.999, 10),
        (900, 60),
        (3 * 3600 - 1, 60),
        (3 * 3600, 900),
        (3 * 86_400, 7200),
        (21 * 86_400, 21_600),
    ],
)
def test_the_older_an_event_arrives_the_coarser_its_pane(age_s: float, width_s: int) -> None:
    assert TIERS.pane(1_000_000_007.5, age_s) == (width_s, 1_000_000_007 // width_s * width_s)


def test_an_event_beyond_the_last_reach_has_no_pane() -> None:
    assert TIERS.pane(0.0, TIERS.reach_s) is None
    assert TIERS.pane(0.0, TIERS.reach_s - 1) is not None


def test_events_before_1970_have_panes_too() -> None:
    assert TIERS.pane(-0.5, 0) == (10, -10)


def test_a_pane_closes_when_its_last_event_would_be_too_old_for_it() -> None:
    start = 1_000_000_000
    closes_at_s = TIERS.closes_at_s((10, start))

    assert closes_at_s == start + 10 + 900
    last_occurred = start + 9.999
    assert TIERS.pane(last_occurred, closes_at_s - last_occurred) != (10, start)
    assert TIERS.pane(last_occurred, closes_at_s - 0.01 - last_occurred) == (10, start)


def test_each_pane_lies_wholly_in_one_of_the_next_tier() -> None:
    assert TIERS.parent((10, 1_000_000_190)) == (60, 1_000_000_140)
    assert TIERS.parent((2 * 3600, 7200)) == (6 * 3600, 0)
    assert TIERS.parent((6 * 3600, 0)) is None


@pytest.mark.parametrize("tiers", [[], [Tier(10, 60), Tier(15, 120)], [Tier(10, 60), Tier(20, 60)]])
def test_tiers_that_do_not_extend_each_other_are_refused(tiers: list[Tier]) -> None:
    with pytest.raises(ValueError, match="tier"):
        Tiers(tiers)
