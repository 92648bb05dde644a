"""Special days: which dates are left out of baselines, and why."""

from __future__ import annotations

from datetime import date

from kpistream.core.alerting.past.calendar import SpecialDays

BASTILLE = date(2026, 7, 14)


def test_a_special_day_has_a_name_and_others_have_none() -> None:
    special = SpecialDays({BASTILLE: "Fête nationale"})

    assert special.name(BASTILLE) == "Fête nationale"
    assert special.name(date(2026, 7, 15)) is None
    assert [day in special for day in (BASTILLE, date(2027, 7, 14))] == [True, False]


def test_there_may_be_no_special_days() -> None:
    assert len(SpecialDays({})) == 0
    assert BASTILLE not in SpecialDays({})


def test_dates_that_are_changed_afterwards_change_nothing() -> None:
    dates = {BASTILLE: "Fête nationale"}
    special = SpecialDays(dates)
    dates.clear()

    assert special.name(BASTILLE) == "Fête nationale"
