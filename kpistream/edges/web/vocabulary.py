"""The words that may be asked for: those of the catalogue and of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from kpistream.core.plan import Plan
from kpistream.core.slices import set_name
from kpistream.edges.web.operation import Words


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The configured KPIs, windows, dimensions, sets of dimensions, and boards."""

    kpis: tuple[str, ...]
    windows: tuple[str, ...]
    dimensions: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    boards: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The words of a plan."""
        return cls(
            tuple(plan.catalogue.kpis),
            tuple(window.name for window in plan.windows),
            plan.slicing.dimensions,
            plan.slicing.sets,
            tuple(plan.catalogue.dashboards),
        )

    @property
    def slices(self) -> tuple[str, ...]:
        """The names of the sets: ``total``, ``channel_campaign``."""
        return tuple(map(set_name, self.sets))

    def of_kind(self, words: Words) -> tuple[str, ...]:
        """The words of one kind."""
        kinds = {
            "kpis": self.kpis,
            "windows": self.windows,
            "dimensions": self.dimensions,
            "slices": self.slices,
            "boards": self.boards,
        }
        return kinds[words]
