"""Figures: what a run gave, and what can be said of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Run:
    """One run over a topic: how many events, in how long, for how much of the processors."""

    events: int
    seconds: float
    cpu_s: float
    """User and system time of the process, all threads."""

    @property
    def events_per_s(self) -> float:
        """Events a second of wall clock."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time an event."""
        return self.cpu_s * 1e6 / self.events


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several values, with the least and the greatest."""

    middle: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The median and the extremes; raises ValueError for no values."""
        if not values:
            raise ValueError("no values")
        return cls(median(values), min(values), max(values))


def ratios(ours: Sequence[Run], theirs: Sequence[Run], of: Callable[[Run], float]) -> Spread:
    """Ours over theirs, round by round, so that a slow moment of the machine hits both."""
    return Spread.of([of(a) / of(b) for a, b in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    if not values or not 0 < percent <= 100:
        raise ValueError(f"no {percent}th percentile of {len(values)} values")
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]
