"""The oracle's time: local days, the widths that events are kept in, and the spans of windows.

Everything is in epoch seconds, but moments of events, which are in microseconds, and periods, which
are in milliseconds. A window's grain is the widest pane that it may hold.

A pane of up to a quarter of an hour is aligned to the epoch; a wider one counts from the local
midnight, and the last of a day ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

TIERS_S: Final = (
    (10, 900),
    (60, 7_800),
    (900, 187_200),
    (7_200, 1_296_000),
    (21_600, 5_529_600),
    (86_400, 16_416_000),
)
"""Width and reach of the panes, in seconds; the reach is the age at arrival that they take."""

ROLLING_S: Final = {
    "5m": (300, 10),
    "1h": (3_600, 60),
    "24h": (86_400, 900),
    "7d": (604_800, 7_200),
    "30d": (2_592_000, 21_600),
}
"""Length and grain of the rolling windows."""

CALENDAR_S: Final = {
    "today": 900,
    "this_week": 7_200,
    "this_month": 21_600,
    "this_quarter": 86_400,
}
"""Grain of the calendar windows."""

DAY_S: Final = 86_400
NO_END: Final = 2**62
"""The end of a span that is still open."""

_BISECTION_S: Final = 20 * 3600
"""No local midnight is further than this from the midnight of UTC."""


@dataclass(frozen=True, slots=True)
class Span:
    """What occurred in ``[since_s, before_s)``, in panes no wider than ``grain_s``."""

    since_s: int
    before_s: int
    grain_s: int = DAY_S


def grain_of(window: str) -> int:
    """The widest pane that a window of this name holds."""
    return CALENDAR_S[window] if window in CALENDAR_S else ROLLING_S[window][1]


class Calendar:
    """The days of a time zone, whose clocks may jump by an hour at any time, midnight included."""

    def __init__(self, zone: str = "UTC") -> None:
        """Raises ZoneInfoNotFoundError."""
        self._zone = ZoneInfo(zone)
        self.midnight: Callable[[date], int] = cache(self._midnight)

    def date_of(self, at_s: float) -> date:
        """The local date."""
        return datetime.fromtimestamp(at_s, self._zone).date()

    def _midnight(self, day: date) -> int:
        """The first second of a local date, found by halving."""
        noon_utc = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        before, after = noon_utc - _BISECTION_S, noon_utc + _BISECTION_S
        while after - before > 1:
            middle = (before + after) // 2
            if self.date_of(middle) >= day:
                after = middle
            else:
                before = middle
        return after

    def start_of(self, width_s: int, at_s: int) -> int:
        """The start of the pane that holds a second: wide panes begin anew on each local day."""
        if width_s <= 900:
            return at_s // width_s * width_s
        day_start = self.midnight(self.date_of(at_s))
        return day_start + (at_s - day_start) // width_s * width_s

    def end_of(self, width_s: int, start_s: int) -> int:
        """The end of a pane: that of the local day at the latest."""
        if width_s <= 900:
            return start_s + width_s
        tomorrow = self.midnight(self.date_of(start_s) + timedelta(days=1))
        return tomorrow if width_s >= DAY_S else min(start_s + width_s, tomorrow)

    # -- windows -----------------------------------------------------------------------------------

    def span(self, window: str, now_s: float, *, before: bool = False) -> Span:
        """What a window read at ``now_s`` holds, or the window before it."""
        if window in ROLLING_S:
            return self._rolling(*ROLLING_S[window], int(now_s), before)
        today = self.date_of(now_s)
        first = _first_day(window, today)
        if not before:
            ends = self.midnight(_first_day_after(window, today))
            return Span(self.midnight(first), ends, CALENDAR_S[window])
        since_s = self.midnight(_first_day(window, first - timedelta(days=1)))
        until_s = self.start_of(CALENDAR_S[window], self._same_moment_before(window, now_s))
        return Span(since_s, max(since_s, until_s), CALENDAR_S[window])

    def _rolling(self, length_s: int, grain_s: int, now_s: int, before: bool) -> Span:
        since_s = self.start_of(grain_s, now_s - length_s)
        if before:
            return Span(self.start_of(grain_s, since_s - length_s), since_s, grain_s)
        return Span(since_s, NO_END, grain_s)

    def _same_moment_before(self, window: str, now_s: float) -> int:
        """When clocks showed the same on the same day of the period before."""
        now = self._clock(int(now_s))
        if window in ("today", "this_week"):
            day = now.date() - timedelta(days=1 if window == "today" else 7)
            return self._first_showing(day, now)
        months = now.year * 12 + now.month - 1 - (1 if window == "this_month" else 3)
        try:
            day = now.date().replace(year=months // 12, month=months % 12 + 1)
        except ValueError:  # no such day: the month's end
            return self.midnight(date((months + 1) // 12, (months + 1) % 12 + 1, 1))
        return self._first_showing(day, now)

    def _first_showing(self, day: date, clock: datetime) -> int:
        """When clocks showed this time of day, or more, for the first time on a day."""
        target = clock.replace(year=day.year, month=day.month, day=day.day)
        # Clocks run evenly within a quarter of an hour, and jump between two at most.
        quarter = self.midnight(day)
        while self._clock(quarter + 899) < target:
            quarter += 900
        return quarter + max(0, int((target - self._clock(quarter)).total_seconds()))

    def _clock(self, at_s: int) -> datetime:
        return datetime.fromtimestamp(at_s, self._zone).replace(tzinfo=None)

    # -- periods -----------------------------------------------------------------------------------

    def parts(
        self, start_ms: int, end_ms: int, arrived_ms: int, reach_s: int
    ) -> list[tuple[int, int, int]]:
        """Width and start of each pane that a period covers, and its milliseconds there.

        In the order of time: each instant goes where an event of that instant would.
        """
        found: list[tuple[int, int, int]] = []
        at_ms = start_ms
        while at_ms < end_ms:
            width_s, younger_ms = self._tier_at(arrived_ms - at_ms, reach_s)
            start_s = self.start_of(width_s, at_ms // 1000)
            until_ms = min(end_ms, self.end_of(width_s, start_s) * 1000, arrived_ms - younger_ms)
            found.append((width_s, start_s, until_ms - at_ms))
            at_ms = until_ms
        return found

    def _tier_at(self, age_ms: int, reach_s: int) -> tuple[int, int]:
        """The width of the panes for an age, and the age at which a finer tier takes over."""
        younger_ms = -NO_END
        for width_s, tier_reach_s in TIERS_S:
            if age_ms <= tier_reach_s * 1000 and tier_reach_s <= reach_s:
                return width_s, younger_ms
            younger_ms = tier_reach_s * 1000
        raise ValueError("too old for any pane")


def _first_day(window: str, day: date) -> date:
    """The first day of the period that a day is in."""
    match window:
        case "this_week":
            return day - timedelta(days=day.weekday())
        case "this_month":
            return day.replace(day=1)
        case "this_quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day


def _first_day_after(window: str, day: date) -> date:
    """The first day of the next period."""
    while _first_day(window, day) == _first_day(window, day + timedelta(days=1)):
        day += timedelta(days=1)
    return day + timedelta(days=1)
