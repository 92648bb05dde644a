"""Mute times: when a receiver is not told of what fires, by local clocks: at night, at weekends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from kpistream.core.windows.days import Days

EVERY_DAY: Final = frozenset(range(7))
"""Monday (0) to Sunday (6)."""

_ONE_DAY: Final = dt.timedelta(days=1)
_MIDNIGHT: Final = dt.time(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteTime:
    """A span of the local clock on the days that it begins on.

    From ``start`` up to ``end``, on the next day if that is not after ``start``; so 00:00 to 00:00
    is a whole day. ``weekdays`` (Monday is 0) and the dates ``first`` to ``last``, both included,
    say on which days it begins. Where clocks skip ``start`` or ``end`` the first instant after the
    gap counts, where they show it twice the first time. Raises ValueError for no days.
    """

    name: str
    weekdays: frozenset[int] = EVERY_DAY
    start: dt.time = _MIDNIGHT
    end: dt.time = _MIDNIGHT
    first: dt.date | None = None
    last: dt.date | None = None
    days: Days = field(default_factory=Days)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError(f"mute time {self.name}: weekdays are 0 (Monday) to 6, at least one")
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"mute time {self.name}: {self.last} is before {self.first}")
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError(f"mute time {self.name}: times are local, without a zone")

    def covers(self, at_s: float) -> bool:
        """Whether this instant (epoch seconds) is muted."""
        return self.until(at_s) is not None

    def until(self, at_s: float) -> float | None:
        """When the span that this instant is in ends, in epoch seconds; None if it is in none.

        Another one may begin just then.
        """
        today = self.days.date(at_s)
        spans = [self._span(on) for on in (today, today - _ONE_DAY) if self._begins_on(on)]
        return max((end for start, end in spans if start <= at_s < end), default=None)

    def _begins_on(self, on: dt.date) -> bool:
        is_late_enough = self.first is None or on >= self.first
        is_early_enough = self.last is None or on <= self.last
        return is_late_enough and is_early_enough and on.weekday() in self.weekdays

    def _span(self, on: dt.date) -> tuple[float, float]:
        ends_on = on if self.end > self.start else on + _ONE_DAY
        return self._instant(on, self.start), self._instant(ends_on, self.end)

    def _instant(self, on: dt.date, clock: dt.time) -> float:
        if clock == _MIDNIGHT:
            return float(self.days.midnight(on))
        return float(self.days.instant(dt.datetime.combine(on, clock)))
