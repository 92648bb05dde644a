"""Windows: spans of time read as sums of panes."""

from __future__ import annotations

import pytest

from kpistream.core.windows import Window, parse_length, parse_window, tiers_for


@pytest.mark.parametrize(
    ("name", "grain_s"), [("5m", 10), ("1h", 60), ("24h", 900), ("7d", 7200), ("30d", 21_600)]
)
def test_a_window_is_as_fine_as_the_tier_that_reaches_twice_its_length(
    name: str, grain_s: int
) -> None:
    window = parse_window(name)

    assert (window.name, window.length_s, window.grain_s) == (name, parse_length(name), grain_s)


@pytest.mark.parametrize("name", ["", "5", "m", "0m", "-5m", "5 m", "5w", "1.5h", "9999999s"])
def test_what_is_no_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a length such as 30s, 5m, 24h or 7d"):
        parse_length(name)


@pytest.mark.parametrize("name", ["5s", "15s", "60d"])
def test_a_window_that_panes_cannot_make_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="does not fit: use a multiple of 10s, at most 44d"):
        parse_window(name)


def test_a_window_holds_its_length_and_less_than_a_grain_more() -> None:
    window = Window("5m", 300, 10)

    for now_s in (1000.0, 1000.5, 1009.999):
        assert window.start_s(now_s) == 700
    assert window.start_s(1010.0) == 710


def test_the_window_before_ends_where_the_window_starts() -> None:
    window = Window("5m", 300, 10)

    assert window.holds((10, 700), 700)
    assert not window.holds((10, 690), 700)
    assert window.held_before((10, 690), 700)
    assert window.held_before((10, 400), 700)
    assert not window.held_before((10, 390), 700)
    assert not window.held_before((10, 700), 700)


def test_what_arrived_too_old_for_a_window_is_not_in_it() -> None:
    window = Window("5m", 300, 10)

    assert not window.holds((60, 720), 700)
    assert not window.held_before((60, 600), 700)


def test_tiers_go_up_to_the_coarsest_grain() -> None:
    tiers = tiers_for([parse_window("5m"), parse_window("1h")])

    assert [tier.width_s for tier in tiers.tiers] == [10, 60]
