"""Panels about objectives: where they are, where their pace leads, how they stand."""

from __future__ import annotations

from typing import Final

from kpistream.core.catalogue.objectives import Objective
from kpistream.core.monitoring.progress import Status
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_style import decimals_of, steps, unit_of
from kpistream.edges.grafana.parts import (
    AnyPanel,
    Column,
    dashed,
    graph,
    grid_table,
)
from kpistream.edges.grafana.queries import JOB
from kpistream.edges.grafana.words import Words
from kpistream.edges.metrics import families
from kpistream.edges.metrics.families import Family

_COLOURS: Final = {
    Status.not_started: "text",
    Status.on_track: "green",
    Status.at_risk: "orange",
    Status.off_track: "red",
    Status.achieved: "blue",
    Status.missed: "dark-red",
    Status.unknown: "text",
}


def objective_table(words: Words) -> AnyPanel:
    """All objectives, a row each."""
    numbers = {
        "value": families.OBJECTIVE_VALUE,
        "target": families.OBJECTIVE_TARGET,
        "projected": families.OBJECTIVE_PROJECTED,
        "needed": families.OBJECTIVE_NEEDED,
    }
    gauge = {"min": 0, "max": 1, "custom.cellOptions": {"type": "gauge", "mode": "basic"}}
    columns = [
        _status(words),
        Column(
            words("progress"),
            _of_each(families.OBJECTIVE_PROGRESS),
            "percentunit",
            0,
            steps(["blue"], []),
            more=gauge,
        ),
        *(Column(words(name), _of_each(family), "locale", 2) for name, family in numbers.items()),
    ]
    return grid_table(
        words("objectives"),
        words("about_objectives"),
        {"objective": words("objective")},
        columns,
        no_value=words("no_objectives"),
    )


def pace(words: Words) -> AnyPanel:
    """Where the pace of each objective leads, in parts of its target."""
    projected = _of_each(families.OBJECTIVE_PROJECTED)
    expr = f"{projected} / ({_of_each(families.OBJECTIVE_TARGET)} != 0)"
    title, about = words("pace"), words("about_pace")
    return graph(title, about, expr, "{{objective}}", unit="percentunit")


def course_of(objective: Objective, ground: Ground) -> AnyPanel:
    """The way of one objective to its target."""
    words, kpi = ground.words, ground.catalogue.kpis[objective.kpi]
    panel = graph(
        words("course_of", objective=objective.name[words.language]),
        f"{kpi.name[words.language]}: {words('about_course_of')}",
        _of(objective, families.OBJECTIVE_VALUE),
        words("value"),
        unit=unit_of(kpi),
        decimals=decimals_of(kpi),
    )
    dashed(panel, "B", _of(objective, families.OBJECTIVE_PROJECTED), words("projected"))
    return dashed(panel, "C", _of(objective, families.OBJECTIVE_TARGET), words("target"))


def _status(words: Words) -> Column:
    """The status as a number, which Grafana writes as a word."""
    family = families.OBJECTIVE_STATUS.name
    states = [
        f'{number} * max by (objective) ({family}{{{JOB}, status="{status}"}} == 1)'
        for number, status in enumerate(Status)
    ]
    options = {
        str(number): {"text": words(status.value), "color": _COLOURS[status], "index": number}
        for number, status in enumerate(Status)
    }
    mappings = [{"type": "value", "options": options}]
    return Column(words("status"), " or ".join(states), "none", more={"mappings": mappings})


def _of_each(family: Family) -> str:
    return f"max by (objective) ({family.name}{{{JOB}}})"


def _of(objective: Objective, family: Family) -> str:
    return f'max by (currency) ({family.name}{{{JOB}, objective="{objective.id}"}})'
