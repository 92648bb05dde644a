"""The survey: which KPIs are read for which slices and windows, and which are due again.

A KPI names the windows and the sets of slices that it is read for by default; one that is
configured though no KPI names it is there for all of them; rules add theirs. Whatever else there is
can be read when somebody asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence, Set
from typing import Final, TypeVar

from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.monitoring.kpi_reader import KpiReader
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, set_of

T = TypeVar("T")

Names = tuple[str, ...]

Due = tuple[Slice, int]
"""A slice and the index of a window."""

ALL: Final[Set[str]] = frozenset({"*"})
"""Stands for every topic."""


_MOST_CHOSEN: Final = 4_096

DETAIL_WINDOWS: Final = ("1h", "24h")
"""Of its windows, those that a KPI is read for by default where there are very many slices."""


class Survey:
    """What is read, by set of dimensions and window, and the queue of what is due."""

    def __init__(self, plan: Plan) -> None:
        self._windows = tuple(window.name for window in plan.windows)
        self._sets = plan.slicing.sets
        self._only_rules = plan.only_rules
        self._dimensions = plan.catalogue.dimensions
        kpis = plan.catalogue.kpis.values()
        self._named_windows = frozenset(window for kpi in kpis for window in kpi.windows)
        self._named_sets = frozenset(names for kpi in kpis for names in kpi.slices or ())
        self.readers = {kpi: KpiReader(plan, kpi) for kpi in plan.catalogue.kpis}
        """The reader of each KPI."""
        self._readers: dict[Names, list[list[KpiReader]]] = {
            names: [[] for _ in self._windows] for names in self._sets
        }
        self._chosen: dict[tuple[Names, int, frozenset[str]], tuple[KpiReader, ...]] = {}
        self._due: OrderedDict[Due, set[str]] = OrderedDict()
        for kpi in kpis:
            for names, index in self._places(kpi, plan.rules):
                self._readers[names][index].append(self.readers[kpi.id])

    def _places(self, kpi: Kpi, rules: Iterable[Rule]) -> set[tuple[Names, int]]:
        """The sets and windows that a KPI is read for."""
        places = set() if self._only_rules else self._usual_places(kpi)
        for rule in rules:
            names = tuple(d for d in self._dimensions if d in rule.slice)
            if names in self._readers:
                places |= {
                    (names, self._windows.index(window))
                    for name, window in rule.pairs
                    if name == kpi.id
                }
        return places

    def _usual_places(self, kpi: Kpi) -> set[tuple[Names, int]]:
        windows = _wanted(self._windows, kpi.windows or None, self._named_windows)
        fewer = [window for window in windows if window in DETAIL_WINDOWS] or windows
        return {
            (names, self._windows.index(window))
            for names in _wanted(self._sets, kpi.slices, self._named_sets)
            for window in (fewer if _is_detail(names) else windows)
        }

    def chosen(self, names: Names, index: int, topics: Set[str] = ALL) -> tuple[KpiReader, ...]:
        """The readers of the KPIs of a set and window that events from these topics can change."""
        key = names, index, frozenset(topics)
        chosen = self._chosen.get(key)
        if chosen is None:
            held = self._readers.get(names)
            if len(self._chosen) >= _MOST_CHOSEN:
                self._chosen.clear()
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

    @property
    def is_done(self) -> bool:
        """Whether nothing is due."""
        return not self._due

    def forget(self, part: Slice) -> None:
        """Note that a slice has gone."""
        for index in range(len(self._windows)):
            self._due.pop((part, index), None)

    def take(self) -> tuple[Due, tuple[KpiReader, ...]] | None:
        """What has been due for longest, with the readers of its KPIs."""
        if not self._due:
            return None
        due, topics = self._due.popitem(last=False)
        return due, self.chosen(set_of(due[0]), due[1], topics)


def _is_detail(names: Names) -> bool:
    return len(names) > 1 or "campaign" in names


def _wanted(
    configured: Sequence[T], wanted: Collection[T] | None, named: Collection[T]
) -> Sequence[T]:
    """Those configured that a KPI wants, or that no KPI names; all if there are none."""
    if wanted is None:
        return configured
    return [one for one in configured if one in wanted or one not in named] or configured
