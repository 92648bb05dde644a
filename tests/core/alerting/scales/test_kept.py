"""What is kept of slices is bounded."""

from __future__ import annotations

from kpistream.core.alerting.scales.kept import MOST_KEPT, Kept


def test_what_is_kept_of_slices_that_have_gone_is_forgotten() -> None:
    kept: Kept[int] = Kept()
    for number in range(MOST_KEPT + 5):
        kept[("campaign", str(number)),] = number
    kept[("campaign", "0"),] = 1
    kept[("campaign", "0"),] = 2

    assert len(kept) == 6
    assert kept[("campaign", "0"),] == 2
