from __future__ import annotations

from datetime import date

import pytest

from kpistream.core.reporting.period import Kind, last_complete, period_with, span
from kpistream.core.windows.days import Days

PARIS = Days("Europe/Paris")
UTC = Days()
HOUR_S = 3600


def dates(first: str, end: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(end)


@pytest.mark.parametrize(
    ("kind", "on", "first", "end"),
    [
        ("day", "2026-03-11", "2026-03-11", "2026-03-12"),
        ("week", "2026-03-11", "2026-03-09", "2026-03-16"),
        ("week", "2026-03-09", "2026-03-09", "2026-03-16"),
        ("week", "2026-01-01", "2025-12-29", "2026-01-05"),
        ("month", "2026-02-28", "2026-02-01", "2026-03-01"),
        ("month", "2026-12-31", "2026-12-01", "2027-01-01"),
        ("quarter", "2026-05-31", "2026-04-01", "2026-07-01"),
        ("quarter", "2026-12-01", "2026-10-01", "2027-01-01"),
    ],
)
def test_a_date_is_in_one_period_of_each_kind(kind: Kind, on: str, first: str, end: str) -> None:
    found = period_with(kind, date.fromisoformat(on), UTC)

    assert (found.first, found.end) == dates(first, end)


@pytest.mark.parametrize(
    ("kind", "first", "end"),
    [
        ("day", "2026-02-28", "2026-03-01"),
        ("week", "2026-02-16", "2026-02-23"),
        ("month", "2026-02-01", "2026-03-01"),
        ("quarter", "2025-10-01", "2026-01-01"),
    ],
)
def test_the_last_complete_period_is_over_and_the_one_before_it_ends_where_it_begins(
    kind: Kind, first: str, end: str
) -> None:
    sunday_noon = UTC.midnight(date(2026, 3, 1)) + 12 * HOUR_S

    found = last_complete(kind, sunday_noon, UTC)

    assert (found.first, found.end) == dates(first, end)
    assert found.to_s <= sunday_noon
    assert found.before().end == found.first
    assert found.before().kind == kind


def test_a_week_is_over_the_moment_it_ends_and_no_second_before() -> None:
    monday = UTC.midnight(date(2026, 3, 9))

    assert last_complete("week", monday, UTC).last == date(2026, 3, 8)
    assert last_complete("week", monday - 1, UTC).last == date(2026, 3, 1)


def test_the_week_in_which_clocks_go_forward_lasts_167_hours() -> None:
    week = period_with("week", date(2026, 3, 29), PARIS)

    assert week.to_s - week.from_s == 167 * HOUR_S
    assert len(week.edges) == 8
    lengths = {after - at for at, after in zip(week.edges, week.edges[1:], strict=False)}
    assert lengths == {23 * HOUR_S, 24 * HOUR_S}


def test_a_span_is_compared_with_as_many_days() -> None:
    found = span(*dates("2026-03-05", "2026-03-08"), UTC)

    assert (found.before().first, found.before().end) == dates("2026-03-02", "2026-03-05")


def test_a_date_that_the_zone_skipped_is_no_day() -> None:
    found = span(*dates("2011-12-29", "2012-01-01"), Days("Pacific/Apia"))

    assert found.dates == (date(2011, 12, 29), date(2011, 12, 31))
    assert len(found.edges) == 3


@pytest.mark.parametrize(
    ("first", "end"),
    [("2026-03-05", "2026-03-05"), ("2026-03-05", "2026-03-04"), ("2024-01-01", "2026-01-01")],
)
def test_no_days_and_too_many_are_no_span(first: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"is not after|are too many"):
        span(*dates(first, end), UTC)
