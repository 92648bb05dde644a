"""Time zones whose clocks do what clocks may do, and the instants where they do it."""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES: Final = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # no 30 December 2011
    "America/Sao_Paulo",  # no midnight, until 2018
    "Asia/Beirut",  # no midnight, still
    "America/Havana",  # two midnights
    "America/St_Johns",  # back at one minute past midnight, until 2011
    "Antarctica/Casey",  # back by three hours
)

SINCE: Final = int(dt.datetime(1995, 1, 1, tzinfo=dt.UTC).timestamp())
UNTIL: Final = int(dt.datetime(2038, 1, 1, tzinfo=dt.UTC).timestamp())
_DAY_S: Final = 86_400


@cache
def changes(zone: str) -> tuple[int, ...]:
    """The midnights of UTC before which the zone's clocks change within a day."""
    place = ZoneInfo(zone)
    offsets = (
        (at, dt.datetime.fromtimestamp(at, place).utcoffset()) for at in range(SINCE, UNTIL, _DAY_S)
    )
    return tuple(at for (_, before), (at, offset) in pairwise(offsets) if offset != before)


def instants(zone: str) -> st.SearchStrategy[int]:
    """Epoch seconds: anywhere, and within days of a change of the clocks."""
    anywhere = st.integers(SINCE, UNTIL - 1)
    if not changes(zone):
        return anywhere
    offsets = st.integers(-2 * _DAY_S, 2 * _DAY_S) | st.integers(-96 * 2, 96 * 2).map((900).__mul__)
    near = st.builds(int.__add__, st.sampled_from(changes(zone)), offsets)
    return near | anywhere


def zones_and_instants() -> st.SearchStrategy[tuple[str, int]]:
    """A zone and an instant in it."""
    return st.sampled_from(ZONES).flatmap(lambda zone: st.tuples(st.just(zone), instants(zone)))


def wall(zone: str, at_s: int) -> dt.datetime:
    """What the zone's clocks show."""
    return dt.datetime.fromtimestamp(at_s, ZoneInfo(zone)).replace(tzinfo=None)


@cache
def midnight(zone: str, on: dt.date) -> int:
    """When the date before has ended for good, by looking at each quarter of an hour."""
    noon = int(dt.datetime(on.year, on.month, on.day, 12, tzinfo=dt.UTC).timestamp())
    quarters = range(noon + 40 * 3600, noon - 40 * 3600, -900)
    return next(at for at in quarters if wall(zone, at - 900).date() < on)
