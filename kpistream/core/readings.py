"""A reading is the value of a KPI for a slice and a window; a board is all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec

from kpistream.core.instants import rfc3339
from kpistream.core.slices import Slice

Trust = Literal["provisional", "final", "incomplete"]
"""Provisional: the window still moves. Final: it is closed. Incomplete: a source is silent."""


class Reading(msgspec.Struct, frozen=True):
    """A KPI's value with what it was made of, so that anybody can check or add it up.

    ``value`` is in the KPI's unit (ratios 0-1, money in major units, durations in seconds).
    ``denominator`` is None for a KPI that divides by nothing; ``sample`` counts the events that
    the value rests on; ``as_of`` is in epoch seconds. ``currency`` is None without money:
    a slice with two currencies has two readings.
    """

    kpi: str
    window: str
    slice: Slice
    value: float
    numerator: float
    denominator: float | None
    sample: int
    trust: Trust
    as_of: float
    currency: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        published = {
            "kind": "reading",
            "kpi": self.kpi,
            "window": self.window,
            "slice": dict(self.slice),
            "value": self.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "sample": self.sample,
            "trust": self.trust,
            "as_of": rfc3339(self.as_of),
        }
        return published if self.currency is None else published | {"currency": self.currency}


ReadingKey = tuple[str, str, Slice, str | None]
"""What tells two readings of a board apart: KPI, window, slice and currency."""


@dataclass(frozen=True)
class Board:
    """An immutable snapshot of all readings at one moment (``as_of``, epoch seconds)."""

    readings: tuple[Reading, ...] = ()
    as_of: float = 0.0

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self.readings)

    def __iter__(self) -> Iterator[Reading]:
        """The readings, one by one."""
        return iter(self.readings)

    def get(
        self, kpi: str, window: str, slice: Slice = (), currency: str | None = None
    ) -> Reading | None:
        """The one reading asked for, or None when it has no denominator or no such slice."""
        return self._by_key.get((kpi, window, slice, currency))

    def of(self, kpi: str, window: str) -> tuple[Reading, ...]:
        """The readings of a KPI over a window: every slice, every currency."""
        return self._by_kpi_and_window.get((kpi, window), ())

    def closed(self) -> Board:
        """The same when nothing can come any more: what was provisional is final."""
        final = (
            msgspec.structs.replace(r, trust="final") if r.trust == "provisional" else r
            for r in self.readings
        )
        return Board(tuple(final), self.as_of)

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "kind": "board",
            "as_of": rfc3339(self.as_of),
            "readings": [reading.to_dict() for reading in self.readings],
        }

    @cached_property
    def _by_key(self) -> dict[ReadingKey, Reading]:
        return {(r.kpi, r.window, r.slice, r.currency): r for r in self.readings}

    @cached_property
    def _by_kpi_and_window(self) -> dict[tuple[str, str], tuple[Reading, ...]]:
        found: dict[tuple[str, str], list[Reading]] = {}
        for reading in self.readings:
            found.setdefault((reading.kpi, reading.window), []).append(reading)
        return {key: tuple(readings) for key, readings in found.items()}
