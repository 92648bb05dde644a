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

A settled window, such as ``24h@6h``, is another one as it was so long ago: at ``t`` it holds what
occurred up to ``floor(t - 6 h)`` to its grain, so never the newest six hours. It is for figures
that arrive late, as costs do: by the time that they are read, nearly all of them are there.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kpistream.core.windows.days import QUARTER_S, Days
from kpistream.core.windows.panes import (
    ALL_TIERS,
    DAY_S,
    LONGEST_DAY_S,
    Tier,
    Tiers,
    longest,
    start_of,
)

Bounds = tuple[int, int]
"""The half-open span of epoch seconds in which the panes of a window start."""

FAR_FUTURE: Final = 2**62
"""The end of a rolling window: events that are ahead of the clock are in it."""

MAX_REACH_S: Final = 800 * DAY_S
"""How far the panes of days reach for the longest objective, but for an hour of summer time."""

KEPT_AFTER_S: Final = 31 * DAY_S
"""For how long after its deadline an objective can still be read."""

MAX_DELAY_S: Final = 64 * DAY_S
"""How long after it ended a window can be settled at most."""

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

    @property
    def length_s(self) -> int | None:
        """How many seconds it lasts whenever it is read; None of a calendar's."""
        return None

    def span_s(self, now_s: float) -> float:
        """How many seconds it covers up to ``now_s``; 0 while it is empty."""
        start, end = self.bounds(now_s)
        return max(0.0, min(end, now_s) - start)


@dataclass(frozen=True, slots=True)
class RollingWindow(Window):
    """The last ``seconds`` seconds."""

    seconds: int

    @property
    def length_s(self) -> int:
        return self.seconds

    def bounds(self, now_s: float) -> Bounds:
        return start_of(self.days, self.grain_s, now_s - self.seconds), FAR_FUTURE

    def bounds_before(self, now_s: float) -> Bounds:
        end, _ = self.bounds(now_s)
        return start_of(self.days, self.grain_s, end - self.seconds), end


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

    @property
    def length_s(self) -> int:
        return self.end_s - self.start_s

    def bounds(self, now_s: float) -> Bounds:
        is_kept = now_s < self.end_s + KEPT_AFTER_S
        return (self.start_s if is_kept else self.end_s), self.end_s

    def bounds_before(self, now_s: float) -> Bounds:
        return self.start_s, self.start_s


@dataclass(frozen=True, slots=True)
class SettledWindow(Window):
    """The window ``base`` as it was ``delay_s`` seconds ago, without anything newer."""

    base: Window
    delay_s: int

    @property
    def length_s(self) -> int | None:
        return self.base.length_s

    def bounds(self, now_s: float) -> Bounds:
        then_s = now_s - self.delay_s
        start, end = self.base.bounds(then_s)
        return start, min(end, start_of(self.days, self.grain_s, then_s))

    def bounds_before(self, now_s: float) -> Bounds:
        return self.base.bounds_before(now_s - self.delay_s)


CALENDAR_WINDOWS: Final = ("today", "this_week", "this_month", "this_quarter")


def parse_length(name: str) -> int:
    """The seconds in a length such as ``30s``, ``5m``, ``24h`` or ``7d``; ValueError otherwise."""
    match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", name)
    if match is None:
        raise ValueError(f"{name!r} is not a length such as 30s, 5m, 24h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def parse_window(name: str, days: Days | None = None) -> Window:
    """The window of this name: a length, or one of :data:`CALENDAR_WINDOWS`; ValueError otherwise.

    With ``@`` and a length after it, that window settled. A window stands on the finest tier that
    reaches as far as it and the window before it go back. ``days`` are UTC's by default.
    """
    days = days or Days()
    base, at, delay = name.partition("@")
    return _settled_window(base, delay, days) if at else _plain_window(name, days, 0)


def _plain_window(name: str, days: Days, delay_s: int) -> Window:
    """A window with panes that are still there when it is settled after ``delay_s`` seconds."""
    match name:
        case "today":
            return _calendar_window(name, 2, days, delay_s, months=0)
        case "this_week":
            return _calendar_window(name, 14, days, delay_s, months=0, weekly=True)
        case "this_month":
            return _calendar_window(name, 62, days, delay_s, months=1)
        case "this_quarter":
            return _calendar_window(name, 184, days, delay_s, months=3)
        case _:
            return _rolling_window(name, days, delay_s)


def _calendar_window(
    name: str, most_days: int, days: Days, delay_s: int, *, months: int, weekly: bool = False
) -> CalendarWindow:
    """A calendar window; it and the one before it last ``most_days`` at most."""
    needs = (most_days - 1) * DAY_S + LONGEST_DAY_S
    for tier in ALL_TIERS:
        if tier.reach_s >= needs + delay_s:
            return CalendarWindow(name, tier.width_s, needs, days, months, weekly)
    most = (ALL_TIERS[-1].reach_s - needs) // DAY_S
    raise _does_not_fit(name, delay_s, f"{most}d are the most")


def _rolling_window(name: str, days: Days, delay_s: int) -> RollingWindow:
    try:
        length = parse_length(name)
    except ValueError as error:
        raise ValueError(f"{error}, nor one of {', '.join(CALENDAR_WINDOWS)}") from None
    for tier in ALL_TIERS:
        needs = 2 * (length + longest(tier.width_s))
        if length % tier.width_s == 0 and tier.reach_s >= needs + delay_s:
            return RollingWindow(name, tier.width_s, needs, days, length)
    coarsest = ALL_TIERS[-1]
    most = ((coarsest.reach_s - delay_s) // 2 - longest(coarsest.width_s)) // DAY_S
    raise _does_not_fit(name, delay_s, f"use a multiple of {_finest_s(delay_s)}s, at most {most}d")


def _finest_s(delay_s: int) -> int:
    """The width of the finest panes that a window settled so late may be made of."""
    fits = (
        t.width_s for t in ALL_TIERS if t.reach_s >= 2 * (t.width_s + longest(t.width_s)) + delay_s
    )
    return next(fits, DAY_S)


def _does_not_fit(name: str, delay_s: int, advice: str) -> ValueError:
    settled = f" settled after {delay_s}s" if delay_s else ""
    return ValueError(f"window {name!r}{settled} does not fit: {advice}")


def _settled_window(base_name: str, delay: str, days: Days) -> SettledWindow:
    delay_s = parse_length(delay)
    if delay_s > MAX_DELAY_S:
        raise _does_not_fit(base_name, delay_s, f"{MAX_DELAY_S // DAY_S}d are the most")
    base = _plain_window(base_name, days, delay_s)
    # Windows move when a base of this grain would: panes begin on the quarter hours, or finer.
    step_s = min(base.grain_s, QUARTER_S)
    if delay_s % step_s:
        raise _does_not_fit(base_name, delay_s, f"settle it after a multiple of {step_s}s")
    needs = base.needs_reach_s + delay_s
    return SettledWindow(f"{base_name}@{delay}", base.grain_s, needs, days, base, delay_s)


def settled_name(window: str, settle_s: float) -> str:
    """The name of a window as it was so many seconds ago."""
    return f"{window}@{settle_s:.0f}s" if settle_s else window


def can_settle(window: str, settle_s: float) -> bool:
    """Whether there are panes for a window as it was so many seconds ago."""
    try:
        parse_window(settled_name(window, settle_s))
    except ValueError:
        return False
    return True


def objective_window(name: str, start: date, end: date, days: Days | None = None) -> Window:
    """The days from ``start`` to the one before ``end``.

    Raises ValueError if there are none, or more than :data:`MAX_REACH_S` allows.
    """
    days = days or Days()
    start_s, end_s = days.midnight(start), days.midnight(end)
    if end_s <= start_s:
        raise ValueError(f"{name!r} ends on {end}, which is not after its start, {start}")
    needs = end_s - start_s + KEPT_AFTER_S
    most = (MAX_REACH_S - KEPT_AFTER_S) // DAY_S
    if (end - start).days > most:
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
