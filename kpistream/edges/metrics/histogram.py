"""A histogram: how many observations were at or below each of its bounds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from prometheus_client.core import Sample

from kpistream.edges.metrics.families import Family
from kpistream.edges.metrics.number import number_text

INFINITY = float("inf")


@dataclass(frozen=True, slots=True)
class Histogram:
    """An immutable histogram; observing gives a new one.

    ``cumulative[i]`` counts the observations at or below ``bounds[i]``; the last bound is infinity.
    """

    bounds: tuple[float, ...]
    cumulative: tuple[int, ...]
    total: float = 0.0

    @classmethod
    def empty(cls, *bounds: float) -> Self:
        """A histogram with these upper bounds, ascending, and infinity."""
        return cls((*bounds, INFINITY), (0,) * (len(bounds) + 1))

    @property
    def count(self) -> int:
        """How many observations there were."""
        return self.cumulative[-1]

    def observe(self, values: Iterable[float]) -> Histogram:
        """This histogram with more observations; those below zero count as zero."""
        ordered = sorted(values)
        cumulative = tuple(
            seen + bisect_right(ordered, bound)
            for seen, bound in zip(self.cumulative, self.bounds, strict=True)
        )
        above_zero = ordered[bisect_left(ordered, 0.0) :]
        return Histogram(self.bounds, cumulative, self.total + sum(above_zero))

    def samples(self, family: Family, values: Sequence[str]) -> list[Sample]:
        """The series of this histogram for one set of label values."""
        labels = dict(zip(family.labels, values, strict=True))
        buckets = [
            Sample(f"{family.name}_bucket", labels | {"le": number_text(bound)}, seen)
            for bound, seen in zip(self.bounds, self.cumulative, strict=True)
        ]
        return [
            *buckets,
            Sample(f"{family.name}_count", labels, self.count),
            Sample(f"{family.name}_sum", labels, self.total),
        ]
