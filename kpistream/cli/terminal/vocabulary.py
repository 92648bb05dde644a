"""The vocabulary of a worker: its KPIs, boards, windows and dimensions, by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.terminal.cleaning import cleaned
from kpistream.cli.terminal.query import Query
from kpistream.core.located_yaml import did_you_mean


class KpiInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a KPI to show its values."""

    id: str
    name: dict[str, str] = {}
    description: dict[str, str] = {}
    unit: str = "count"
    has_money: bool = False
    direction: str = "up"
    formula: str = ""
    target: float | None = None
    urgent: float | None = None
    minimum_sample: int = 0
    owner: str = ""
    action: str = ""
    windows: list[str] = []

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.direction == "down" else 1


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """What `/api/v1/kpis` says, as far as a page needs it."""

    kpis: list[KpiInfo]
    dashboards: dict[str, list[str]] = {}
    texts: dict[str, dict[str, str]] = {}
    """What KPIs and rules say in several languages, by what stands in them and in alerts."""
    windows: list[str] = []
    dimensions: list[str] = []
    currency: str | None = None
    zone: str = "UTC"

    @classmethod
    def of(cls, document: Any) -> Vocabulary:
        """The vocabulary in an answer; raises Failure for one that is none."""
        try:
            return msgspec.convert(cleaned(document), cls)
        except (msgspec.ValidationError, RecursionError):
            raise Failure("the worker's KPIs are not as expected: is it older?", FAILED) from None

    def kpi(self, name: str) -> KpiInfo:
        """A KPI by its id; one that is not known is a count."""
        return next((kpi for kpi in self.kpis if kpi.id == name), KpiInfo(id=name))

    def in_order(self, board: str | None, kpis: Iterable[str]) -> list[str]:
        """KPIs in the order of a board; others come last."""
        places = {kpi: place for place, kpi in enumerate(self.dashboards.get(board or "", ()))}
        return sorted(kpis, key=lambda kpi: places.get(kpi, len(places)))

    def check(self, query: Query) -> None:
        """Raises Failure if a query names what there is not."""
        known = {
            "board": list(self.dashboards),
            "window": self.windows,
            "by": self.dimensions,
            "kpi": [kpi.id for kpi in self.kpis],
        }
        for option, value in query.parameters.items():
            names = known[option]
            if value not in names:
                hint = did_you_mean(value, names)
                all_of_them = "" if hint or option == "kpi" else f"; there are {', '.join(names)}"
                raise Failure(f"--{option} {value!r} is not known{hint}{all_of_them}", WRONG)
