"""How a KPI reads in Grafana: its unit and its colours, as the catalogue declares them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from grafana_foundation_sdk.models.dashboard import Threshold

from kpistream.core.kpis.kpi import Kpi
from kpistream.core.kpis.units import KpiUnit

_UNITS: Final[Mapping[KpiUnit, str]] = MappingProxyType(
    {"ratio": "percentunit", "money": "locale", "seconds": "s", "count": "short", "points": "none"}
)


def unit_of(kpi: Kpi) -> str:
    """Grafana's unit; money is a plain number, since the series' name has its currency.

    A ratio of money to money is a plain number too: people say a ROAS of 4.5, not of 450 %.
    """
    return "none" if kpi.has_money and kpi.unit == "ratio" else _UNITS[kpi.unit]


def decimals_of(kpi: Kpi) -> int | None:
    """How many decimals people write; None for as many as fit."""
    return 2 if kpi.has_money else None


def thresholds_of(kpi: Kpi) -> list[Threshold]:
    """Red where the catalogue calls a value alarming, green where it calls one good.

    What it says nothing of has a colour that neither praises nor blames.
    """
    bad = [] if kpi.urgent is None else [kpi.urgent]
    good = [] if kpi.target is None else [kpi.target]
    colours = [*["red" for _ in bad], "text", *["green" for _ in good]]
    if bad and not good:
        colours = ["red", "green"]
    lines: list[float | None] = [*bad, *good]
    if kpi.direction == "down":
        colours, lines = colours[::-1], lines[::-1]
    return steps(colours, lines)


def change_colours(kpi: Kpi) -> list[Threshold]:
    """Green for a change the good way, red for one the other way, no colour for next to none."""
    colours = ["red", "text", "green"]
    edge = 1.0 if kpi.unit == "points" else 0.02
    return steps(colours if kpi.direction == "up" else colours[::-1], [-edge, edge])


def steps(colours: list[str], lines: list[float | None]) -> list[Threshold]:
    """The first colour, then at each line the next."""
    return [
        Threshold(color=colour, value=line)
        for colour, line in zip(colours, [None, *lines], strict=True)
    ]
