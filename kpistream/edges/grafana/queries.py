"""The PromQL of the dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kpistream.core.kpis.kpi import Kpi
from kpistream.edges.metrics import families
from kpistream.edges.metrics.families import Family

JOB: Final = 'job=~"$job"'
"""Every query asks for the chosen jobs of Prometheus."""

WINDOW: Final = "$window"
"""The window that was chosen."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the traffic: the name of a set of dimensions, which members, and one row by what.

    ``where`` are matchers that begin with a comma; ``by`` the labels that tell members apart.
    """

    set: str
    where: str = ""
    by: tuple[str, ...] = ()


TOTAL: Final = Part("total")


def of_each(dimension: str) -> Part:
    """One row for each chosen member of a dimension."""
    return Part(dimension, f', {dimension}=~"${dimension}"', (dimension,))


def reading(
    kpi: Kpi,
    part: Part,
    *,
    window: str = WINDOW,
    family: Family = families.KPI,
    currency: bool = True,
) -> str:
    """The value of a KPI; ``max`` only bridges the moment in which a slice changes its worker."""
    # A ratio of counts has no currency, whichever currency is chosen.
    selector = (
        f'kpi="{kpi.id}", {JOB}, window="{window}", slice="{part.set}"'
        f'{part.where}, currency=~"$currency|"'
    )
    by = ", ".join([*part.by, *(["currency"] if currency else [])])
    return f"max by ({by}) ({family.name}{{{selector}}})"


def change(kpi: Kpi, part: Part, *, window: str = WINDOW, currency: bool = True) -> str:
    """How far a KPI is from the period before: in points, or in parts of what it was then."""
    now = reading(kpi, part, window=window, currency=currency)
    before = reading(kpi, part, window=window, family=families.KPI_BEFORE, currency=currency)
    return f"{now} - {before}" if kpi.unit == "points" else relative(now, before)


def relative(one: str, other: str) -> str:
    """How far one value is from another, in parts of that; none where that is 0."""
    return f"({one} - {other}) / abs({other} != 0)"


def rate(family: Family, by: str, *, matchers: str = JOB) -> str:
    """How much a counter grows a second."""
    return f"sum by ({by}) (rate({family.name}{{{matchers}}}[$__rate_interval]))"


def increase(family: Family, by: str, *, matchers: str = JOB, span: str = "$__range") -> str:
    """How much a counter grew over a span, as a whole number."""
    return f"round(sum by ({by}) (increase({family.name}{{{matchers}}}[{span}])))"


def quantile(family: Family, share: float, by: str, *, matchers: str = JOB) -> str:
    """A quantile of a histogram."""
    rates = f"rate({family.name}_bucket{{{matchers}}}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({by}, le) ({rates}))"
