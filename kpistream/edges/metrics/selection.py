"""Which readings fit into a scrape: the total first, then the slices with the most events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice


class Selection(NamedTuple):
    """The readings shown, and how many series the others would have had."""

    readings: Sequence[Reading]
    dropped: int


def series_of(reading: Reading) -> int:
    """How many series show a reading: value and sample, and both sides of a division."""
    return 2 if reading.denominator is None else 4


def select(readings: Sequence[Reading], room: int) -> Selection:
    """As many readings as ``room`` series allow."""
    wanted = sum(map(series_of, readings))
    if wanted <= room:
        return Selection(readings, 0)
    shown = []
    free = room
    for reading in _most_important_first(readings):
        free -= series_of(reading)
        if free < 0:
            break
        shown.append(reading)
    return Selection(shown, wanted - sum(map(series_of, shown)))


def _most_important_first(readings: Sequence[Reading]) -> Iterable[Reading]:
    by_slice: dict[Slice, list[Reading]] = {}
    for reading in readings:
        by_slice.setdefault(reading.slice, []).append(reading)

    def rank(part: Slice) -> tuple[bool, int, Slice]:
        largest = max(reading.sample for reading in by_slice[part])
        return (part != (), -largest, part)

    return chain.from_iterable(by_slice[part] for part in sorted(by_slice, key=rank))
