"""KPIs: what the catalogue says of them, and what can be asked for."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from kpistream import __version__
from kpistream.core.kpis.kpi import Kpi
from kpistream.core.names import board_names, dimension_names
from kpistream.core.plan import Plan
from kpistream.core.slices import set_name
from kpistream.edges.web import published
from kpistream.edges.web.answers import json_bytes
from kpistream.edges.web.operation import API, Operation, Route
from kpistream.edges.web.query import refuse_unknown

KPIS: Final = Operation(
    "GET",
    f"{API}kpis",
    "kpis",
    "The KPIs of the catalogue, the boards and funnels, and the words that can be asked for.",
    answer=published.Kpis,
)


class KpisRoutes:
    """Answers with the plan; all workers have the same."""

    def __init__(self, plan: Plan) -> None:
        self._answer = msgspec.json.encode(kpis_document(plan))

    def routes(self) -> list[Route]:
        """The operations with their handlers."""
        return [(KPIS, self.kpis)]

    async def kpis(self, request: web.Request) -> web.Response:
        """All of them."""
        refuse_unknown(request.query, ())
        return json_bytes(self._answer)


def kpis_document(plan: Plan) -> dict[str, Any]:
    """The KPIs and the other words of a plan, as they are published."""
    catalogue = plan.catalogue
    windows = [window.name for window in plan.windows]
    return {
        "kpis": [_published(kpi, windows) for kpi in catalogue.kpis.values()],
        "dashboards": {name: list(kpis) for name, kpis in catalogue.dashboards.items()},
        "funnels": {name: list(kpis) for name, kpis in catalogue.funnels.items()},
        "names": _names(plan),
        "texts": dict(plan.texts),
        "windows": windows,
        "dimensions": list(plan.slicing.dimensions),
        "slices": list(map(set_name, plan.slicing.sets)),
        "currency": plan.currency,
        "zone": plan.days.zone,
        "version": __version__,
    }


def _names(plan: Plan) -> dict[str, Any]:
    """What dimensions, boards and funnels are called by people."""
    boards = (*plan.catalogue.dashboards, *plan.catalogue.funnels)
    return {
        "dimensions": dimension_names(plan.slicing.dimensions),
        "boards": board_names(boards),
    }


def _published(kpi: Kpi, windows: list[str]) -> dict[str, Any]:
    return {
        "id": kpi.id,
        "name": dict(kpi.name),
        "description": dict(kpi.description),
        "unit": kpi.unit,
        "has_money": kpi.has_money,
        "direction": kpi.direction,
        "formula": kpi.formula,
        "target": kpi.target,
        "urgent": kpi.urgent,
        "minimum_sample": kpi.minimum_sample,
        "owner": kpi.owner,
        "action": kpi.action,
        "classes": list(kpi.classes),
        "stage": kpi.stage,
        "north_star": kpi.north_star,
        "windows": list(kpi.windows or windows),
        "slices": None if kpi.slices is None else list(map(set_name, kpi.slices)),
        "measures": [measure.name for measure in kpi.measures],
    }
