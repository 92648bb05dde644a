"""A question about readings, as asked in a URL's query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from multidict import MultiMapping

from kpistream.core.readings import Reading
from kpistream.core.slices import slice_name
from kpistream.edges.web.problem import Problem
from kpistream.edges.web.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class ReadingsQuery:
    """Which readings are wanted: each field a set of alternatives, empty for no restriction.

    ``members`` are by dimension; the member ``""`` asks for slices without that dimension.
    """

    kpis: frozenset[str] = frozenset()
    windows: frozenset[str] = frozenset()
    slices: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[str]] | None = None

    @classmethod
    def parse(cls, params: MultiMapping[str], words: Vocabulary) -> Self:
        """The question in these parameters; raises Problem 400 for a word that does not exist."""
        refuse_unknown(params, ("kpi", "window", "slice", *words.dimensions))
        return cls(
            kpis=_alternatives(params, "kpi", words.kpis),
            windows=_alternatives(params, "window", words.windows),
            slices=_alternatives(params, "slice", words.slices),
            members={d: frozenset(params.getall(d)) for d in words.dimensions if d in params},
        )

    @property
    def kpi_and_window(self) -> tuple[str, str] | None:
        """The one KPI and the one window that were asked for, if there is one of each."""
        if len(self.kpis) != 1 or len(self.windows) != 1:
            return None
        return next(iter(self.kpis)), next(iter(self.windows))

    def find(self, readings: Iterable[Reading]) -> Iterable[Reading]:
        """Those of some readings that were asked for, in their order."""
        return filter(self.matches, readings)

    def matches(self, reading: Reading) -> bool:
        """Whether a reading was asked for."""
        return (
            _among(reading.kpi, self.kpis)
            and _among(reading.window, self.windows)
            and (not self.slices or slice_name(reading.slice) in self.slices)
            and (not self.members or self._matches_members(dict(reading.slice), self.members))
        )

    @staticmethod
    def _matches_members(members: Mapping[str, str], wanted: Mapping[str, frozenset[str]]) -> bool:
        return all(members.get(name, "") in values for name, values in wanted.items())


def refuse_unknown(params: MultiMapping[str], allowed: Collection[str]) -> None:
    """Raise Problem 400 for a parameter that is not allowed."""
    for name in params:
        if name not in allowed:
            raise _bad_request(f"unknown parameter {name!r}", allowed)


def _alternatives(params: MultiMapping[str], name: str, allowed: Collection[str]) -> frozenset[str]:
    values = params.getall(name, [])
    for value in values:
        if value not in allowed:
            raise _bad_request(f"unknown {name} {value!r}", allowed)
    return frozenset(values)


def _bad_request(detail: str, allowed: Collection[str]) -> Problem:
    choices = f"allowed: {', '.join(allowed)}" if allowed else "none is allowed here"
    return Problem(HTTPStatus.BAD_REQUEST, f"{detail}; {choices}", allowed)


def _among(value: str, alternatives: frozenset[str]) -> bool:
    return not alternatives or value in alternatives
