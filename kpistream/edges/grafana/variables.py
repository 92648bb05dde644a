"""The variables of a dashboard: what a reader can choose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from kpistream.core.kpis.kpi import Kpi
from kpistream.edges.grafana.parts import SOURCE
from kpistream.edges.grafana.queries import JOB
from kpistream.edges.grafana.words import Words
from kpistream.edges.metrics import families
from kpistream.edges.metrics.families import Family

Variable = dashboard.DatasourceVariable | dashboard.QueryVariable


def usual(words: Words) -> list[Variable]:
    """Which Prometheus a dashboard reads, and which of its jobs."""
    source = dashboard.DatasourceVariable("datasource").label(words("data_source"))
    return [source.type("prometheus"), job(families.BUILD)]


def job(family: Family) -> dashboard.QueryVariable:
    """Which jobs of Prometheus are kpistream's."""
    return any_of("job", "Job", f"label_values({family.name}, job)", everything=".+")


def window(words: Words, kpis: Iterable[Kpi], dimensions: str, first: str) -> Variable:
    """The window that the KPIs are read over."""
    shown = "|".join(kpi.id for kpi in kpis)
    selector = f'{families.KPI.name}{{{JOB}, kpi=~"{shown}", slice="{dimensions}"}}'
    return one_of("window", words("window"), f"label_values({selector}, window)", first)


def members(words: Words, dimension: str, part: str, given: Sequence[str] = ()) -> Variable:
    """Which members of a dimension are shown, of those that go with the variables ``given``."""
    return any_of(dimension, words.dimension(dimension), _members(dimension, part, given))


def member(words: Words, dimension: str, part: str, given: Sequence[str] = ()) -> Variable:
    """The one member of a dimension that is shown; the first there is until one is chosen."""
    query = _members(dimension, part, given)
    return _variable(dimension, words.dimension(dimension), query)


def currency(words: Words) -> Variable:
    """The currencies of the money that is shown."""
    selector = f'{families.KPI.name}{{{JOB}, currency!=""}}'
    return any_of("currency", words("currency"), f"label_values({selector}, currency)")


def any_of(name: str, label: str, query: str, everything: str = ".*") -> dashboard.QueryVariable:
    """A variable of which any number of values may be chosen; at first, all."""
    all_of_them = VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        _variable(name, label, query)
        .multi(True)
        .include_all(True)
        .all_value(everything)
        .current(all_of_them)
    )


def one_of(name: str, label: str, query: str, chosen: str) -> dashboard.QueryVariable:
    """A variable of which exactly one value is chosen."""
    current = VariableOption(selected=True, text=chosen, value=chosen)
    return _variable(name, label, query).current(current)


def _members(dimension: str, part: str, given: Sequence[str]) -> str:
    chosen = "".join(f', {other}=~"${other}"' for other in given)
    selector = f'{families.KPI.name}{{{JOB}, slice="{part}"{chosen}}}'
    return f"label_values({selector}, {dimension})"


def _variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
