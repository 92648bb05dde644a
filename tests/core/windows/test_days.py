"""Days: local days, whatever the clocks do."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.windows import days as days_module
from kpistream.core.windows.days import Days
from tests.support.zones import ZONES, midnight, wall, zones_and_instants

OF_ZONE = {zone: Days(zone) for zone in ZONES}


def utc(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


@given(zones_and_instants())
def test_every_instant_is_in_exactly_one_day(where: tuple[str, int]) -> None:
    zone, at = where
    days = OF_ZONE[zone]
    start = days.start(at)
    end = days.after(start)

    assert start <= at < end
    assert days.start(start) == days.start(end - 1) == days.start(end - 0.001) == start
    assert days.start(end) == end
    assert days.date(start) == days.date(at) == days.date(end - 1) < days.date(end)


@given(zones_and_instants())
def test_a_day_starts_when_the_date_before_has_ended_for_good(where: tuple[str, int]) -> None:
    zone, at = where
    on = wall(zone, at).date()

    assert OF_ZONE[zone].midnight(on) == midnight(zone, on)


@pytest.mark.parametrize(
    ("zone", "on", "start", "hours"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00", 24),
        ("UTC", "2028-02-29", "2028-02-29T00:00", 24),
        ("Europe/Paris", "2026-03-28", "2026-03-27T23:00", 24),
        ("Europe/Paris", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Paris", "2026-03-30", "2026-03-29T22:00", 24),
        ("Europe/Paris", "2026-10-25", "2026-10-24T22:00", 25),
        ("Europe/Paris", "2028-02-29", "2028-02-28T23:00", 24),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Asia/Kathmandu", "2026-06-01", "2026-05-31T18:15", 24),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30", 23.5),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", 25),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),
        ("America/St_Johns", "2006-10-29", "2006-10-29T03:30", 24),
        ("America/St_Johns", "2006-10-28", "2006-10-28T02:30", 25),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
        ("Antarctica/Casey", "2010-03-04", "2010-03-03T13:00", 27),
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00", 24),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(
    zone: str, on: str, start: str, hours: float
) -> None:
    days, day = Days(zone), dt.date.fromisoformat(on)

    assert days.midnight(day) == utc(start)
    assert days.date(utc(start)) == day
    assert days.after(utc(start)) - utc(start) == hours * 3600


def test_where_midnight_is_skipped_the_day_starts_with_its_first_instant() -> None:
    days = Days("America/Sao_Paulo")

    assert days.wall(days.midnight(dt.date(2018, 11, 4))) == dt.datetime(2018, 11, 4, 1)


def test_the_hours_after_a_midnight_that_comes_again_belong_to_the_day_before() -> None:
    days = Days("Antarctica/Casey")
    in_vain = utc("2010-03-04T13:30")

    assert days.wall(in_vain) == dt.datetime(2010, 3, 5, 0, 30)
    assert days.wall(in_vain + 5400) == dt.datetime(2010, 3, 4, 23)
    assert days.date(in_vain) == days.date(in_vain + 5400) == dt.date(2010, 3, 4)
    assert days.start(in_vain) == utc("2010-03-03T13:00")


def test_a_date_that_was_skipped_is_no_day() -> None:
    days = Days("Pacific/Apia")
    skipped = days.midnight(dt.date(2011, 12, 30))

    assert skipped == days.midnight(dt.date(2011, 12, 31))
    assert days.date(skipped) == dt.date(2011, 12, 31)
    assert days.date(skipped - 1) == dt.date(2011, 12, 29)


def test_a_year_has_its_leap_day() -> None:
    days = Days("Europe/Paris")

    for year, length in ((2027, 365), (2028, 366), (2100, 365)):
        at = days.midnight(dt.date(year, 1, 1))
        starts = [at]
        while starts[-1] < days.midnight(dt.date(year + 1, 1, 1)):
            starts.append(days.after(starts[-1]))
        assert len(starts) - 1 == length
        assert sum(b - a for a, b in pairwise(starts)) == length * 86_400


@given(zones_and_instants(), st.integers(-86_400, 86_400))
def test_an_instant_is_the_first_at_which_clocks_show_as_much(
    where: tuple[str, int], seconds: int
) -> None:
    zone, at = where
    clock = wall(zone, at) + dt.timedelta(seconds=seconds)
    found = OF_ZONE[zone].instant(clock)

    assert wall(zone, found - 1) < clock <= wall(zone, found)


def test_since_1980_every_offset_is_whole_quarter_hours() -> None:
    for zone in available_timezones():
        place = ZoneInfo(zone)
        for year in range(1980, 2038):
            for month in (1, 7):
                offset = dt.datetime(year, month, 2, tzinfo=place).utcoffset()
                assert offset is not None
                assert offset % dt.timedelta(minutes=15) == dt.timedelta(0), (zone, year)


def test_a_midnight_between_two_quarter_hours_is_early_but_one_for_all() -> None:
    days = Days("Africa/Monrovia")
    start = days.midnight(dt.date(1971, 5, 1))

    assert start == utc("1971-05-01T00:30")
    assert days.wall(start) == dt.datetime(1971, 4, 30, 23, 45, 30)
    assert days.date(start) == dt.date(1971, 5, 1)
    assert days.date(start - 1) == dt.date(1971, 4, 30)
    assert days.start(start + 86_399) == start


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Pariss", "did you mean 'Europe/Paris'?"),
        ("europe/paris", "did you mean 'Europe/Paris'?"),
        ("America/NewYork", "did you mean 'America/New_York'?"),
        ("Mars/Olympus", "use a name such as 'Europe/Paris'"),
        ("", "use a name such as 'Europe/Paris'"),
        ("+01:00", "use a name such as 'Europe/Paris'"),
        ("../../etc/passwd", "use a name such as 'Europe/Paris'"),
        ("UTC\0", "did you mean 'UTC'?"),
        ("localtime", "use a name such as 'Europe/Paris'"),
        ("Factory", "use a name such as 'Europe/Paris'"),
    ],
)
def test_a_name_that_is_no_time_zone_is_refused_with_one_that_is(zone: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is no time zone") as refusal:
        Days(zone)
    assert str(refusal.value) == f"{zone!r} is no time zone; {hint}"


def test_a_folder_of_time_zones_is_none() -> None:
    with pytest.raises(ValueError, match="'Europe' is no time zone"):
        Days("Europe")


def test_days_of_one_zone_are_equal() -> None:
    assert Days() == Days("UTC")
    assert hash(Days("Asia/Tokyo")) == hash(Days("Asia/Tokyo"))
    assert Days("Asia/Tokyo") != Days("Asia/Seoul")
    assert Days("UTC") != "UTC"
    assert repr(Days("Asia/Tokyo")) == "Days('Asia/Tokyo')"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days_module, "_CACHE_LIMIT", 3)
    days = Days("Europe/Paris")
    first = utc("2026-10-20T22:00")

    starts = {days.start(first + quarter * 900) for quarter in range(10 * 96)}

    assert len(starts) == 10
    assert {days.after(start) for start in starts} == {*starts, max(starts) + 86_400} - {
        min(starts)
    }
    assert len(days._starts) <= 3
    assert len(days._ends) <= 3
    assert len(days._midnights) <= 3
