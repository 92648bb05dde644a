"""A series: the course of a KPI over time, step by step, each step on its own."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

import msgspec

from kpistream.core.instants import rfc3339
from kpistream.core.measuring.partials import Sums
from kpistream.core.monitoring.kpi_reader import KpiReader
from kpistream.core.slices import Slice


class Step(NamedTuple):
    """What occurred between two edges: its sums, and which of its measures lack a rate.

    It is not whole when a pane that is too wide for it lies partly in it, and is left out.
    """

    sums: Sums
    apart: Set[str]
    is_whole: bool


class Series(msgspec.Struct, frozen=True):
    """The values of a KPI for a slice in ``len(edges) - 1`` steps between edges (epoch seconds).

    A value is None where there is no denominator, or where what was there is kept no more, or not
    so finely. ``complete`` tells of each step whether it is over, and all of it could be counted.
    """

    kpi: str
    slice: Slice
    currency: str | None
    edges: tuple[int, ...]
    values: tuple[float | None, ...]
    numerators: tuple[float | None, ...]
    denominators: tuple[float | None, ...]
    samples: tuple[int, ...]
    complete: tuple[bool, ...]

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "kind": "series",
            "kpi": self.kpi,
            "slice": dict(self.slice),
            "currency": self.currency,
            "edges": list(map(rfc3339, self.edges)),
            "values": list(self.values),
            "numerators": list(self.numerators),
            "denominators": list(self.denominators),
            "samples": list(self.samples),
            "complete": list(self.complete),
        }


def series_of(
    reader: KpiReader,
    part: Slice,
    edges: Sequence[int],
    steps: Sequence[Step | None],
    heard_s: float,
) -> Series:
    """The series of a reader's KPI over these steps; None stands for a step that is not known.

    ``heard_s`` (epoch seconds) is how far all that the KPI rests on is known to have been counted:
    later steps may get more.
    """
    readings = [
        None if step is None else reader.read("", part, step.sums, 0.0, apart=step.apart)
        for step in steps
    ]
    return Series(
        kpi=reader.id,
        slice=part,
        currency=reader.currency,
        edges=tuple(edges),
        values=tuple(None if r is None else r.value for r in readings),
        numerators=tuple(None if r is None else r.numerator for r in readings),
        denominators=tuple(None if r is None else r.denominator for r in readings),
        samples=tuple(0 if r is None else r.sample for r in readings),
        complete=tuple(
            step is not None and step.is_whole and end_s <= heard_s and not reader.lacks(step.apart)
            for end_s, step in zip(edges[1:], steps, strict=True)
        ),
    )
