"""A reading is the value of a KPI for a slice and a window; a board is all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    the value rests on; ``as_of``, in epoch seconds, is when it was worked out: what has not changed
    since is not worked out again. ``currency`` is None without money:
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


Pair = tuple[str, str]
"""A KPI and a window."""

Index = Mapping[Pair, Mapping[tuple[Slice, str | None], Reading]]
"""The readings of each KPI and window, by slice and currency."""


class Board:
    """An immutable snapshot of all readings at one moment (``as_of``, epoch seconds)."""

    def __init__(self, readings: Iterable[Reading] = (), as_of: float = 0.0) -> None:
        """Hold these readings."""
        index: dict[Pair, dict[tuple[Slice, str | None], Reading]] = {}
        for reading in readings:
            held = index.setdefault((reading.kpi, reading.window), {})
            held[reading.slice, reading.currency] = reading
        self.as_of = as_of
        self._indexes: tuple[Index, ...] = (index,)

    @classmethod
    def indexed(cls, index: Index, as_of: float) -> Board:
        """A board over readings that are in order already; nobody may change them any more."""
        return cls._over((index,), as_of)

    @classmethod
    def joined(cls, boards: Iterable[Board]) -> Board:
        """All readings of some boards, which share no slice; as of the newest of them."""
        boards = tuple(boards)
        indexes = tuple(index for board in boards for index in board._indexes)
        return cls._over(indexes, max((board.as_of for board in boards), default=0.0))

    @classmethod
    def _over(cls, indexes: tuple[Index, ...], as_of: float) -> Board:
        board = cls(as_of=as_of)
        board._indexes = indexes
        return board

    def __len__(self) -> int:
        """How many readings there are."""
        return sum(len(held) for index in self._indexes for held in index.values())

    def __iter__(self) -> Iterator[Reading]:
        """The readings, one by one."""
        return (r for index in self._indexes for held in index.values() for r in held.values())

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """The readings, all at once."""
        return tuple(self)

    @cached_property
    def slices(self) -> frozenset[Slice]:
        """The slices that have a reading."""
        return frozenset(
            part for index in self._indexes for held in index.values() for part, _ in held
        )

    def get(
        self, kpi: str, window: str, slice: Slice = (), currency: str | None = None
    ) -> Reading | None:
        """The one reading asked for, or None when it has no denominator or no such slice."""
        for index in self._indexes:
            found = index.get((kpi, window), {}).get((slice, currency))
            if found is not None:
                return found
        return None

    def of(self, kpi: str, window: str) -> tuple[Reading, ...]:
        """The readings of a KPI over a window: every slice, every currency."""
        return tuple(r for index in self._indexes for r in index.get((kpi, window), {}).values())

    def closed(self) -> Board:
        """The same when nothing can come any more: what was provisional is final."""
        final = (
            msgspec.structs.replace(r, trust="final") if r.trust == "provisional" else r
            for r in self
        )
        return Board(final, self.as_of)

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "kind": "board",
            "as_of": rfc3339(self.as_of),
            "readings": [reading.to_dict() for reading in self],
        }
