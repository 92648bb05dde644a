"""Periods: the days that a report is about, and those before them, in the days of a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from kpistream.core.windows.days import Days

Kind = Literal["day", "week", "month", "quarter", "span"]
"""A calendar's period, or any other span of days."""

MOST_DAYS: Final = 366
"""A report is about no more days."""

_ONE_DAY: Final = timedelta(days=1)
_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True)
class Period:
    """The local days from ``first`` up to ``end``, which is not in it any more."""

    kind: Kind
    first: date
    end: date
    days: Days

    @property
    def last(self) -> date:
        """The last day in it."""
        return self.end - _ONE_DAY

    @property
    def from_s(self) -> int:
        """When it begins, in epoch seconds."""
        return self.days.midnight(self.first)

    @property
    def to_s(self) -> int:
        """When it ends, in epoch seconds."""
        return self.days.midnight(self.end)

    @property
    def dates(self) -> tuple[date, ...]:
        """Its days; one that the zone skipped is none."""
        count = (self.end - self.first).days
        every = [self.first + timedelta(days=number) for number in range(count)]
        starts = [self.days.midnight(on) for on in (*every, self.end)]
        return tuple(on for n, on in enumerate(every) if starts[n] < starts[n + 1])

    @property
    def edges(self) -> tuple[int, ...]:
        """The midnights that begin its days, and the one that ends the last, in epoch seconds."""
        return (*map(self.days.midnight, self.dates), self.to_s)

    def before(self) -> Period:
        """The period of its kind that ends when it begins; of a span, one of as many days."""
        if self.kind == "span":
            first = self.first - (self.end - self.first)
        else:
            first = _first(self.kind, self.first - _ONE_DAY)
        return Period(self.kind, first, self.first, self.days)


def period_with(kind: Kind, on: date, days: Days) -> Period:
    """The calendar's period that a date is in."""
    first = _first(kind, on)
    return Period(kind, first, _following(kind, first), days)


def last_complete(kind: Kind, now_s: float, days: Days) -> Period:
    """The newest calendar's period that is over at ``now_s`` (epoch seconds)."""
    return period_with(kind, days.date(now_s), days).before()


def span(first: date, end: date, days: Days) -> Period:
    """The days from one date to before another; raises ValueError for none, or for too many."""
    if end <= first:
        raise ValueError(f"{end} is not after {first}")
    if (end - first).days > MOST_DAYS:
        raise ValueError(f"{(end - first).days} days are too many, {MOST_DAYS} are the most")
    return Period("span", first, end, days)


def _first(kind: Kind, on: date) -> date:
    """The first day of the period that a date is in."""
    if kind == "week":
        return on - timedelta(days=on.weekday())
    if months := _MONTHS.get(kind):
        return on.replace(month=on.month - (on.month - 1) % months, day=1)
    return on


def _following(kind: Kind, first: date) -> date:
    """The first day of the period after the one that begins here."""
    if months := _MONTHS.get(kind):
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        return date(year, month + 1, 1)
    return first + timedelta(days=7 if kind == "week" else 1)
