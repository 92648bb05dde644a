"""A dashboard of the catalogue: its KPIs now, by dimension, by step and by campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard

from kpistream.core.kpis.kpi import Kpi
from kpistream.edges.grafana import variables
from kpistream.edges.grafana.alert_panels import alerts_now, firing_course, firing_now
from kpistream.edges.grafana.board import empty_board
from kpistream.edges.grafana.grid import Grid
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_panels import KpiPanels, campaign_part, dimensions_of
from kpistream.edges.grafana.objective_panels import course_of, objective_table, pace
from kpistream.edges.grafana.parts import AnyPanel

OVERVIEW: Final = "overview"
"""The catalogue's dashboard that shows objectives and alerts, too."""

_MOST_COLUMNS: Final = 10


def kpi_board(name: str, ground: Ground) -> dashboard.Dashboard:
    """The dashboard of this name.

    What it says of a KPI is what the catalogue says. A KPI is in the rows of those slices, and the
    window chosen at first is one of those, that it is read for unless somebody asks for others.
    """
    kpis = [ground.catalogue.kpis[kpi] for kpi in ground.boards[name]]
    window = shared_window(ground, kpis)
    rules = [] if name == OVERVIEW else ground.rules_over(kpis)
    board = empty_board(
        name,
        ground.words,
        ground.words("about_board"),
        _variables(ground, kpis, window),
        rules=rules,
        back=None if name == OVERVIEW or OVERVIEW not in ground.boards else OVERVIEW,
    )
    panels, grid = KpiPanels(ground, [window]), Grid(board)
    if name == OVERVIEW:
        _overview(grid, ground, panels, kpis)
    else:
        _now(grid, ground, panels, kpis, name)
    _funnel(grid, ground, panels, name)
    for dimension in dimensions_of(ground, kpis):
        _by(grid, ground, panels, kpis, dimension)
    _campaigns(grid, ground, panels, kpis)
    return board


def shared_window(ground: Ground, kpis: Sequence[Kpi], dimensions: str = "total") -> str:
    """The first window, in the settings' order, that most of the KPIs are read for."""
    read = Counter(window for kpi in kpis for window in ground.windows(kpi, dimensions))
    order = [window for places in ground.places.values() for window in places.get(dimensions, ())]
    return max(dict.fromkeys(order), key=lambda window: read[window], default="")


def _overview(grid: Grid, ground: Ground, panels: KpiPanels, kpis: Sequence[Kpi]) -> None:
    words = ground.words
    stars = [kpi for kpi in kpis if kpi.north_star]
    others = [kpi for kpi in kpis if not kpi.north_star]
    for star in stars:
        shown: list[AnyPanel] = [
            panels.now(star, _elsewhere(ground, star, OVERVIEW)),
            panels.course(star),
            firing_now(words),
        ]
        grid.line(words("row_north_star"), shown, [7, 13, 4], 7)
    _now(grid, ground, panels, others, OVERVIEW)
    grid.line(words("row_objectives"), [objective_table(words), pace(words)], [15, 9], 8)
    courses = [course_of(objective, ground) for objective in ground.catalogue.objectives]
    for at in range(0, len(courses), 3):
        line = courses[at : at + 3]
        grid.line(None, line, [8] * len(line), 7)
    grid.line(words("row_alerts"), [alerts_now(words), firing_course(words)], [12, 12], 8)


def _now(grid: Grid, ground: Ground, panels: KpiPanels, kpis: Sequence[Kpi], name: str) -> None:
    shown = [panels.now(kpi, _elsewhere(ground, kpi, name)) for kpi in kpis]
    grid.row(ground.words("row_now"), shown, columns=columns_for(len(shown)), height=5)


def _elsewhere(ground: Ground, kpi: Kpi, name: str) -> str | None:
    """Another dashboard that shows this KPI."""
    boards = ground.boards.items()
    return next((board for board, ids in boards if kpi.id in ids and board != name), None)


def _funnel(grid: Grid, ground: Ground, panels: KpiPanels, name: str) -> None:
    """The funnel of the dashboard's name; of acquisition, the first there is."""
    catalogue, words = ground.catalogue, ground.words
    is_shown = name in catalogue.funnels or name == "acquisition"
    funnel = catalogue.funnel_of(name) if is_shown else None
    if funnel is None:
        return
    steps = [catalogue.kpis[kpi] for kpi in catalogue.funnels[funnel]]
    shown = panels.funnel(steps, words.board(funnel))
    if ground.read_by(steps, "channel") == steps:
        grid.line(
            words("row_funnel"), [*shown, panels.conversions_by(steps, "channel")], [7, 7, 10], 9
        )
    else:
        grid.line(words("row_funnel"), shown, [12, 12], 9)


def _by(grid: Grid, ground: Ground, panels: KpiPanels, kpis: Sequence[Kpi], dimension: str) -> None:
    words = ground.words
    read = ground.read_by(kpis, dimension)
    title: str | None = words("row_by", dimension=words.dimension(dimension).lower())
    # The period before is kept by channel only.
    if dimension == "channel":
        grid.line(title, [panels.changes(read[:_MOST_COLUMNS], dimension)], [24], 7)
        title = None
    graphs = [panels.by(kpi, dimension) for kpi in read]
    grid.row(title, graphs, columns=columns_for(len(graphs)), height=8)


def _campaigns(grid: Grid, ground: Ground, panels: KpiPanels, kpis: Sequence[Kpi]) -> None:
    if ground.campaign_set is None:
        return
    read = ground.read_by(kpis, ground.campaign_set)
    if read:
        table = panels.campaigns(read[:_MOST_COLUMNS])
        grid.line(ground.words("row_campaigns"), [table], [24], 10)


def columns_for(panels: int) -> int:
    """As many side by side as fill the lines best: 7 are 4 and 3, 6 are 3 and 3."""
    return 3 if panels in (3, 5, 6, 9) else 4


def _variables(ground: Ground, kpis: Sequence[Kpi], window: str) -> list[variables.Variable]:
    words = ground.words
    dimensions = dimensions_of(ground, kpis)
    shown = [
        *variables.usual(words),
        variables.window(words, kpis, "total", window),
        *(variables.members(words, dimension, dimension) for dimension in dimensions),
    ]
    if ground.campaign_set is not None and ground.read_by(kpis, ground.campaign_set):
        part = campaign_part(ground)
        given = [label for label in part.by if label != "campaign"]
        if "channel" in given and "channel" not in dimensions:
            shown.append(variables.members(words, "channel", part.set))
        shown.append(variables.members(words, "campaign", part.set, given))
    return [*shown, variables.currency(words)]
