"""Days: local days of a time zone, as spans of epoch seconds.

A day begins when the date before it has ended for good: at midnight, or, where the clocks skip
midnight, at the first instant after the gap. It lasts 24 hours, or 23 or 25 where the clocks change
(23.5 and 24.5 on Lord Howe). A date that a zone skipped (30 December 2011 in Apia) is no day.

Days begin on the quarter hours of UTC. Every zone's midnight has since 1980; before, some days
begin up to 15 minutes early here.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from difflib import get_close_matches
from functools import cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

QUARTER_S: Final = 900
_CACHE_LIMIT: Final = 1 << 16
_ONE_DAY: Final = dt.timedelta(days=1)
_NO_PLACES: Final = {"localtime", "Factory"}
"""Names that mean something else on each machine, or nothing."""

_Key = TypeVar("_Key")


class Days:
    """The days of one time zone, such as ``Europe/Paris``; equal if the zones are.

    Instants are epoch seconds, from the year 1 to 9999 less two days at either end.
    """

    __slots__ = ("_ends", "_midnights", "_starts", "_zone", "zone")

    def __init__(self, zone: str = "UTC") -> None:
        """Raise ValueError for a name that the time zone database does not have."""
        if zone not in _zones():
            raise ValueError(_unknown(zone))
        self.zone: Final = zone
        self._zone = ZoneInfo(zone)
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._midnights: dict[dt.date, int] = {}

    def __repr__(self) -> str:
        return f"Days({self.zone!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Days) and other.zone == self.zone

    def __hash__(self) -> int:
        return hash(self.zone)

    def start(self, at_s: float) -> int:
        """The start of the day that this instant is in."""
        quarter = int(at_s // QUARTER_S)
        found = self._starts.get(quarter)
        if found is None:
            found = self.midnight(self.date(quarter * QUARTER_S))
            _remember(self._starts, quarter, found)
        return found

    def after(self, day_start_s: int) -> int:
        """The start of the day after the one that starts here."""
        found = self._ends.get(day_start_s)
        if found is None:
            found = self.midnight(self.date(day_start_s) + _ONE_DAY)
            _remember(self._ends, day_start_s, found)
        return found

    def date(self, at_s: float) -> dt.date:
        """The date of the day that this instant is in."""
        on = self.wall(at_s).date()
        if at_s < self.midnight(on):
            return on - _ONE_DAY
        return on + _ONE_DAY if at_s >= self.midnight(on + _ONE_DAY) else on

    def midnight(self, on: dt.date) -> int:
        """When the day of this date starts; for a date that was skipped, when the next one does."""
        found = self._midnights.get(on)
        if found is None:
            found = self._midnight(on) // QUARTER_S * QUARTER_S
            _remember(self._midnights, on, found)
        return found

    def _midnight(self, on: dt.date) -> int:
        """Of two midnights, the first unless the date before comes back after it."""
        clock = dt.datetime(on.year, on.month, on.day)
        first, second = self.instant(clock), self._reading(clock, 1)
        is_over = second <= first or self.wall(second - 1).date() >= on
        return first if is_over else second

    def wall(self, at_s: float) -> dt.datetime:
        """What local clocks show at this instant."""
        return dt.datetime.fromtimestamp(at_s, self._zone).replace(tzinfo=None)

    def instant(self, clock: dt.datetime) -> int:
        """When local clocks first show ``clock``, or for the first time more than it in a gap."""
        first, second = self._reading(clock, 0), self._reading(clock, 1)
        if first <= second:
            return first
        return second + bisect_left(range(second, first), clock, key=self.wall)

    def _reading(self, clock: dt.datetime, fold: int) -> int:
        """By PEP 495: of a repeated reading, the first or second; of a skipped one, as if not."""
        return int(clock.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC).timestamp())


def _remember(known: dict[_Key, int], key: _Key, value: int) -> None:
    if len(known) >= _CACHE_LIMIT:
        known.clear()
    known[key] = value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)


def _unknown(zone: str) -> str:
    near = get_close_matches(zone, sorted(_zones()), n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]!r}?" if near else "; use a name such as 'Europe/Paris'"
    return f"{zone!r} is no time zone{hint}"
