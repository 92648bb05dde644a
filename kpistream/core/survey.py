"""The survey: which KPIs are read for which slices and windows, and which are due again.

A KPI names the windows and the sets of slices that it is read for by default; rules add theirs.
Whatever else there is can be read when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from kpistream.core.kpi_reader import KpiReader
from kpistream.core.kpis import Kpi
from kpistream.core.plan import Plan
from kpistream.core.rules import Rule
from kpistream.core.slices import Slice, set_of

Names = tuple[str, ...]

Due = tuple[Slice, int]
"""A slice and the index of a window."""

ALL: Final[Set[str]] = frozenset({"*"})
"""Stands for every topic."""


class Survey:
    """What is read, by set of dimensions and window, and the queue of what is due."""

    def __init__(self, plan: Plan) -> None:
        self._windows = tuple(window.name for window in plan.windows)
        self._sets = plan.slicing.sets
        self._dimensions = plan.catalogue.dimensions
        self.readers = {kpi: KpiReader(plan, kpi) for kpi in plan.catalogue.kpis}
        """The reader of each KPI."""
        self._readers: dict[Names, list[list[KpiReader]]] = {
            names: [[] for _ in self._windows] for names in self._sets
        }
        self._chosen: dict[tuple[Names, int, frozenset[str]], tuple[KpiReader, ...]] = {}
        self._due: dict[Due, set[str]] = {}
        for kpi in plan.catalogue.kpis.values():
            for names, index in self._places(kpi, plan.rules):
                self._readers[names][index].append(self.readers[kpi.id])

    def _places(self, kpi: Kpi, rules: Iterable[Rule]) -> set[tuple[Names, int]]:
        """The sets and windows that a KPI is read for."""
        windows = [w for w in kpi.windows if w in self._windows] or list(self._windows)
        sets = [names for names in self._sets if kpi.slices is None or names in kpi.slices]
        places = {(n, self._windows.index(w)) for n in (sets or self._sets) for w in windows}
        for rule in rules:
            names = tuple(d for d in self._dimensions if d in rule.slice)
            if rule.kpi == kpi.id and names in self._readers:
                places.add((names, self._windows.index(rule.window)))
        return places

    def chosen(self, names: Names, index: int, topics: Set[str] = ALL) -> tuple[KpiReader, ...]:
        """The readers of the KPIs of a set and a window that events from these topics can change."""
        key = names, index, frozenset(topics)
        chosen = self._chosen.get(key)
        if chosen is None:
            held = self._readers.get(names)
            chosen = self._chosen[key] = tuple(
                reader
                for reader in (held[index] if held else ())
                if "*" in topics or reader.topics & topics
            )
        return chosen

    # -- what is due -------------------------------------------------------------------------------

    def touch(self, part: Slice, topics: Set[str] = ALL) -> None:
        """Note that a slice got something from these topics."""
        for index in range(len(self._windows)):
            self.move(part, index, topics)

    def move(self, part: Slice, index: int, topics: Set[str] = ALL) -> None:
        """Note that a slice's window is another one than it was."""
        due = self._due.get((part, index))
        if due is not None:
            due |= topics
        elif self.chosen(set_of(part), index, topics):
            self._due[part, index] = set(topics)

    def forget(self, part: Slice) -> None:
        """Note that a slice has gone."""
        for index in range(len(self._windows)):
            self._due.pop((part, index), None)

    def take(self) -> tuple[Due, tuple[KpiReader, ...]] | None:
        """What has been due for longest, with the readers of its KPIs."""
        if not self._due:
            return None
        due = next(iter(self._due))
        topics = self._due.pop(due)
        return due, self.chosen(set_of(due[0]), due[1], topics)
