"""How a KPI reads in Grafana: its unit and its colours, as the catalogue declares them."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Threshold

from kpistream.core.kpis import Kpi

_UNITS = {"ratio": "percentunit", "money": "none", "seconds": "s", "count": "short"}


def unit_of(kpi: Kpi) -> str:
    """Grafana's unit; money is a plain number, since the series' name has its currency.

    A ratio of money to money is a plain number too: people say a ROAS of 4.5, not of 450 %.
    """
    return "none" if kpi.has_money else _UNITS[kpi.unit]


def thresholds_of(kpi: Kpi) -> list[Threshold]:
    """Green, and red from where the catalogue calls a value alarming."""
    if kpi.urgent is None:
        return [Threshold(color="green", value=None)]
    below, above = ("red", "green") if kpi.direction == "up" else ("green", "red")
    return [Threshold(color=below, value=None), Threshold(color=above, value=kpi.urgent)]
