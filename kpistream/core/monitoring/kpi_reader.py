"""A KPI made ready to be read: with all that its readings need to know of it."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from kpistream.core.kpis.kpi import evaluate
from kpistream.core.measuring.partials import Sums
from kpistream.core.merging.pricing import APART
from kpistream.core.monitoring.readings import Reading, Trust
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice

NOTHING: Final[frozenset[str]] = frozenset()


class KpiReader:
    """Reads one KPI over views; many times a second, for many slices."""

    __slots__ = ("_amounts", "_currency", "_kpi", "currency", "id", "topics")

    def __init__(self, plan: Plan, kpi_id: str) -> None:
        kpi = plan.catalogue.kpis[kpi_id]
        measures = plan.catalogue.measures
        used = [*kpi.measures, *filter(None, [measures.get(kpi.sample)])]
        self.id = kpi_id
        self.currency = plan.currency if kpi.has_money else None
        self.topics = frozenset(plan.topics[m.event] for m in used if m.event in plan.topics)
        """The topics that it rests on, that of its sample included."""
        self._kpi = kpi
        self._currency = plan.currency
        self._amounts = frozenset(m.name for m in kpi.measures if m.is_money)

    def read(
        self,
        window: str,
        part: Slice,
        sums: Sums,
        as_of: float,
        silent: Set[str] = NOTHING,
        apart: Set[str] = NOTHING,
    ) -> Reading | None:
        """The reading over a view; None if it has no value.

        ``silent`` are the topics that are not heard, ``apart`` the measures with amounts that have
        no rate: a reading that needs one of them is incomplete.
        """
        value = evaluate(self._kpi, sums, self._currency)
        if value is None:
            return None
        complete = self.topics.isdisjoint(silent) and not self.lacks(apart)
        trust: Trust = "provisional" if complete else "incomplete"
        return Reading(
            self.id,
            window,
            part,
            value.value,
            value.numerator,
            value.denominator,
            value.sample,
            trust,
            as_of,
            self.currency,
        )

    def lacks(self, apart: Set[str]) -> bool:
        """Whether it needs a measure with amounts that have no rate."""
        return not self._amounts.isdisjoint(apart)


def measures_apart(sums: Sums) -> Set[str]:
    """The measures with amounts that have no rate."""
    return {key.partition(APART)[0] for key in sums if APART in key}
