"""Windows: the spans of time a KPI is read for, as sums of panes.

A window's grain is the width of the coarsest pane it may be made of; finer panes lie wholly inside
or outside, so the sum is exact. A window has bounds, and the window before it too; they depend on
the time of reading and move only at multiples of ten seconds.

A rolling window of length ``L`` read at time ``t`` holds what occurred since ``floor(t - L)`` to
its grain: at least the last ``L`` seconds and less than one grain more. The window before it is the
``L`` seconds before that start, rounded down likewise.

A calendar window is a local day, a week from Monday, a month or a quarter. The window before it is
the day, week, month or quarter before, up to the same time of the same weekday or day of the month
(to the end of a month that has no such day), rounded down to the grain: 15 minutes for ``today``,
2 hours for ``this_week``, 6 hours for ``this_month``, a day for ``this_quarter``. Those are the
finest panes that are still there at that age. Before the first grain of a period has passed, there
is nothing to compare it with.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kpistream.core.days import Days
from kpistream.core.panes import ALL_TIERS, DAY_S, LONGEST_DAY_S, Tier, Tiers, longest, start_of

Bounds = tuple[int, int]
"""The half-open span of epoch seconds in which the panes of a window start."""

FAR_FUTURE: Final = 2**62
"""The end of a rolling window: events that are ahead of the clock are in it."""

MAX_REACH_S: Final = 800 * DAY_S
"""How far the panes of days reach for the longest objective."""

KEPT_AFTER_S: Final = 31 * DAY_S
"""For how long after its deadline an objective can still be read."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Window(ABC):
    """A span of time by its name (``5m``, ``today``), in the days of a time zone."""

    name: str
    grain_s: int
    needs_reach_s: int
    """How old the panes may get that this window or the one before it holds, in seconds."""
    days: Days = field(repr=False)

    @abstractmethod
    def bounds(self, now_s: float) -> Bounds:
        """Where the panes of the window start: at the first or after it, before the second."""

    @abstractmethod
    def bounds_before(self, now_s: float) -> Bounds:
        """The same for the window before this one; it is empty if both are equal."""


@dataclass(frozen=True, slots=True)
class RollingWindow(Window):
    """The last ``length_s`` seconds."""

    length_s: int

    def bounds(self, now_s: float) -> Bounds:
        return start_of(self.days, self.grain_s, now_s - self.length_s), FAR_FUTURE

    def bounds_before(self, now_s: float) -> Bounds:
        end, _ = self.bounds(now_s)
        return start_of(self.days, self.grain_s, end - self.length_s), end


@dataclass(frozen=True, slots=True)
class CalendarWindow(Window):
    """The current day or week, or as many calendar months as ``months`` says."""

    months: int
    weekly: bool = False

    def bounds(self, now_s: float) -> Bounds:
        first = self._first(self.days.date(now_s))
        return self._starts(first), self._starts(self._moved(first, 1))

    def bounds_before(self, now_s: float) -> Bounds:
        first = self._first(self.days.date(now_s))
        start = self._starts(self._moved(first, -1))
        same_time = self.days.instant(self._moved(self.days.wall(now_s), -1))
        until = start_of(self.days, self.grain_s, min(same_time, self._starts(first)))
        return start, max(start, until)

    def _starts(self, first: datetime) -> int:
        return self.days.midnight(first.date())

    def _first(self, on: date) -> datetime:
        """The first midnight of the period that a day is in."""
        if self.months:
            return datetime(on.year, on.month - (on.month - 1) % self.months, 1)
        back = on.weekday() if self.weekly else 0
        return datetime(on.year, on.month, on.day) - timedelta(days=back)

    def _moved(self, clock: datetime, periods: int) -> datetime:
        """The same reading of the clocks so many periods later."""
        if self.months:
            return _months_later(clock, self.months * periods)
        return clock + timedelta(days=(7 if self.weekly else 1) * periods)


@dataclass(frozen=True, slots=True)
class ObjectiveWindow(Window):
    """A fixed span from ``start_s`` to ``end_s``, without a window before it.

    Once its first panes may be gone it is empty, rather than short of them.
    """

    start_s: int
    end_s: int

    def bounds(self, now_s: float) -> Bounds:
        is_kept = now_s < self.end_s + KEPT_AFTER_S
        return (self.start_s if is_kept else self.end_s), self.end_s

    def bounds_before(self, now_s: float) -> Bounds:
        return self.start_s, self.start_s


CALENDAR_WINDOWS: Final = ("today", "this_week", "this_month", "this_quarter")


def parse_length(name: str) -> int:
    """The seconds in a length such as ``30s``, ``5m``, ``24h`` or ``7d``; ValueError otherwise."""
    match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", name)
    if match is None:
        raise ValueError(f"{name!r} is not a length such as 30s, 5m, 24h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def parse_window(name: str, days: Days | None = None) -> Window:
    """The window of this name: a length or one of :data:`CALENDAR_WINDOWS`; ValueError otherwise.

    A rolling window stands on the finest tier that reaches twice its length. ``days`` are UTC's by
    default.
    """
    days = days or Days()
    match name:
        case "today":
            return CalendarWindow(name, 900, _reach_s(2), days, months=0)
        case "this_week":
            return CalendarWindow(name, 7200, _reach_s(14), days, months=0, weekly=True)
        case "this_month":
            return CalendarWindow(name, 21_600, _reach_s(62), days, months=1)
        case "this_quarter":
            return CalendarWindow(name, DAY_S, _reach_s(184), days, months=3)
        case _:
            return _rolling_window(name, days)


def _reach_s(days: int) -> int:
    """How long that many days may last, one of them the longest that there is."""
    return (days - 1) * DAY_S + LONGEST_DAY_S


def _rolling_window(name: str, days: Days) -> RollingWindow:
    try:
        length = parse_length(name)
    except ValueError as error:
        raise ValueError(f"{error}, nor one of {', '.join(CALENDAR_WINDOWS)}") from None
    for tier in ALL_TIERS:
        needs = 2 * (length + longest(tier.width_s))
        if length % tier.width_s == 0 and tier.reach_s >= needs:
            return RollingWindow(name, tier.width_s, needs, days, length)
    coarsest = ALL_TIERS[-1]
    most = (coarsest.reach_s // 2 - longest(coarsest.width_s)) // DAY_S
    raise ValueError(
        f"window {name!r} does not fit: use a multiple of {ALL_TIERS[0].width_s}s, at most {most}d"
    )


def objective_window(name: str, start: date, end: date, days: Days | None = None) -> Window:
    """The days from ``start`` to the one before ``end``.

    Raises ValueError if there are none, or more than :data:`MAX_REACH_S` allows.
    """
    days = days or Days()
    start_s, end_s = days.midnight(start), days.midnight(end)
    if end_s <= start_s:
        raise ValueError(f"{name!r} ends on {end}, which is not after its start, {start}")
    needs = end_s - start_s + KEPT_AFTER_S
    if needs > MAX_REACH_S:
        most = (MAX_REACH_S - KEPT_AFTER_S) // DAY_S
        raise ValueError(f"{name!r} lasts from {start} to {end}; {most} days are the most")
    grain = next((tier.width_s for tier in ALL_TIERS if tier.reach_s >= needs), DAY_S)
    return ObjectiveWindow(name, grain, needs, days, start_s, end_s)


def tiers_for(windows: Sequence[Window], days: Days | None = None) -> Tiers:
    """The tiers that these windows need: up to the coarsest grain among them, and as far back."""
    coarsest = max(window.grain_s for window in windows)
    *finer, last = (tier for tier in ALL_TIERS if tier.width_s <= coarsest)
    needs = max(window.needs_reach_s for window in windows)
    return Tiers([*finer, Tier(last.width_s, max(last.reach_s, needs))], days)


def _months_later(clock: datetime, months: int) -> datetime:
    """The same reading that many months later; the end of a month that has no such day."""
    year, month = divmod(clock.year * 12 + clock.month - 1 + months, 12)
    if clock.day <= monthrange(year, month + 1)[1]:
        return clock.replace(year=year, month=month + 1)
    return datetime(year, month + 1, 1) + timedelta(days=monthrange(year, month + 1)[1])
