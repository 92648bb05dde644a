"""Boards: which dashboard a KPI is found on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from kpistream.core.catalogue.catalogue import Catalogue

MORE: Final = "more"
"""The board of the KPIs of one's own that are on no dashboard."""


def boards_of(catalogue: Catalogue, own: Collection[str] = ()) -> dict[str, str]:
    """Each KPI with the first dashboard that lists it; one of one's own is at least on `more`."""
    found = dict.fromkeys(more_of(catalogue, own), MORE)
    for board, kpis in catalogue.dashboards.items():
        for kpi in kpis:
            found.setdefault(kpi, board)
    return found


def more_of(catalogue: Catalogue, own: Collection[str]) -> tuple[str, ...]:
    """The KPIs of one's own that no dashboard lists, in the order of the catalogue."""
    listed = {kpi for kpis in catalogue.dashboards.values() for kpi in kpis}
    return tuple(kpi for kpi in catalogue.kpis if kpi in own and kpi not in listed)
