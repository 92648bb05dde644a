"""What a KPI's value rests on, as places in the files of the catalogue."""

from __future__ import annotations

from kpistream.core.kpis.expressions import Expression
from kpistream.core.located_yaml import Path


def behind(kpi_id: str, expression: Expression) -> list[Path]:
    """A KPI's formula, and the measures and KPIs in it."""
    return [("kpis", kpi_id, "formula"), *_terms_behind(expression)]


def _terms_behind(expression: Expression) -> list[Path]:
    paths: list[Path] = []
    for name, term in expression.terms.items():
        if isinstance(term, Expression):
            paths += behind(name, term)
        else:
            paths.append(("measures", name))
    return paths
