"""Mute times: by local clocks, over midnight, through clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.telling.mute_times import MuteTime
from kpistream.core.windows.days import Days

PARIS = Days("Europe/Paris")
NIGHT = MuteTime(name="night", start=dt.time(22), end=dt.time(6), days=PARIS)
WEEKEND = MuteTime(name="weekend", weekdays=frozenset({5, 6}), days=PARIS)
LUNCH = MuteTime(name="lunch", start=dt.time(12), end=dt.time(13, 30), days=PARIS)
FRIDAY_NIGHT = MuteTime(
    name="friday", weekdays=frozenset({4}), start=dt.time(22), end=dt.time(6), days=PARIS
)
SALES = MuteTime(
    name="sales", first=dt.date(2026, 1, 7), last=dt.date(2026, 1, 9), start=dt.time(8), days=PARIS
)
AT_HALF_PAST_TWO = MuteTime(name="backup", start=dt.time(2, 30), end=dt.time(3), days=PARIS)


def paris(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp()


@pytest.mark.parametrize(
    ("mute", "at", "until"),
    [
        (LUNCH, "2026-03-02T11:59:59", None),
        (LUNCH, "2026-03-02T12:00", "2026-03-02T13:30"),
        (LUNCH, "2026-03-02T13:30", None),
        (NIGHT, "2026-03-02T21:59:59", None),
        (NIGHT, "2026-03-02T22:00", "2026-03-03T06:00"),
        (NIGHT, "2026-03-03T05:59:59", "2026-03-03T06:00"),
        (NIGHT, "2026-03-03T06:00", None),
        (FRIDAY_NIGHT, "2026-03-06T23:00", "2026-03-07T06:00"),
        (FRIDAY_NIGHT, "2026-03-07T05:00", "2026-03-07T06:00"),
        (FRIDAY_NIGHT, "2026-03-06T05:00", None),
        (FRIDAY_NIGHT, "2026-03-07T23:00", None),
        (WEEKEND, "2026-03-06T23:59:59", None),
        (WEEKEND, "2026-03-07T00:00", "2026-03-08T00:00"),
        (WEEKEND, "2026-03-08T12:00", "2026-03-09T00:00"),
        (WEEKEND, "2026-03-09T00:00", None),
        (SALES, "2026-01-06T12:00", None),
        (SALES, "2026-01-07T07:59", None),
        (SALES, "2026-01-07T08:00", "2026-01-08T00:00"),
        (SALES, "2026-01-09T23:00", "2026-01-10T00:00"),
        (SALES, "2026-01-10T12:00", None),
        # spring: 02:00 to 03:00 does not exist, so the night has 7 hours
        (NIGHT, "2026-03-28T22:00", "2026-03-29T06:00"),
        (AT_HALF_PAST_TWO, "2026-03-29T03:00", None),
        # autumn: 02:00 to 03:00 comes twice, and the mute begins the first time
        (NIGHT, "2026-10-24T22:00", "2026-10-25T06:00"),
        (AT_HALF_PAST_TWO, "2026-10-25T02:29:59", None),
        (AT_HALF_PAST_TWO, "2026-10-25T02:30", "2026-10-25T03:00"),
    ],
)
def test_a_mute_time_follows_the_local_clock(mute: MuteTime, at: str, until: str | None) -> None:
    assert mute.until(paris(at)) == (None if until is None else paris(until))


def test_the_night_of_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    hours = [
        (paris(f"{end}T06:00") - paris(f"{start}T22:00")) / 3600
        for start, end in [("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25")]
    ]
    assert hours == [7, 9]


def test_a_mute_that_would_begin_in_the_hour_that_comes_twice_lasts_through_both() -> None:
    first = paris("2026-10-25T02:30")
    assert AT_HALF_PAST_TWO.until(first + 3600) == first + 5400


@given(
    at=st.integers(1_735_689_600, 1_830_297_600),
    start=st.times(),
    end=st.times(),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
)
def test_what_is_muted_is_muted_until_the_end_and_not_after_it_unless_another_begins(
    at: int, start: dt.time, end: dt.time, weekdays: frozenset[int]
) -> None:
    start, end = (clock.replace(microsecond=0, tzinfo=None) for clock in (start, end))
    mute = MuteTime(name="any", weekdays=weekdays, start=start, end=end, days=PARIS)
    until = mute.until(at)
    assert mute.covers(at) is (until is not None)
    if until is not None:
        assert until > at
        assert mute.covers(until - 0.001)
        if start != end:
            assert not mute.covers(until)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"weekdays": frozenset()}, "at least one"),
        ({"weekdays": frozenset({7})}, "0 \\(Monday\\) to 6"),
        ({"first": dt.date(2026, 1, 2), "last": dt.date(2026, 1, 1)}, "2026-01-01 is before"),
        ({"start": dt.time(1, tzinfo=dt.UTC)}, "without a zone"),
    ],
)
def test_a_mute_time_that_is_none_says_why(named: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        MuteTime(name="bad", **named)  # type: ignore[arg-type]  # the table has several types
