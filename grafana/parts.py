"""The parts of a dashboard, in one house style: numbers, graphs, rows and variables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    FieldColorModeId,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

WIDTH = 24
"""The columns of Grafana's grid."""

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

AnyPanel = stat.Panel | timeseries.Panel


def number(
    title: str,
    description: str,
    expr: str,
    unit: str,
    legend: str,
    thresholds: list[Threshold],
) -> stat.Panel:
    """A big number with its recent course behind it; one for each currency, where there are."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_query(expr, legend))
        .unit(unit)
        .no_value("no data yet")
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(thresholds))
    )


def graph(title: str, description: str, expr: str, unit: str, legend: str) -> timeseries.Panel:
    """A course over time, one line a series."""
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_query(expr, legend))
        .unit(unit)
        .axis_soft_min(0)
        .fill_opacity(5)
        .line_width(2)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull"])
        )
        .tooltip(
            common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
        )
    )


def source_variable() -> dashboard.DatasourceVariable:
    """Which Prometheus the dashboard reads."""
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")


def one_of(name: str, label: str, query: str, chosen: str) -> dashboard.QueryVariable:
    """A variable of which exactly one value is chosen."""
    return _variable(name, label, query).current(
        VariableOption(selected=True, text=chosen, value=chosen)
    )


def any_of(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable of which any number of values may be chosen; at first, all."""
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        _variable(name, label, query)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )


class Grid:
    """Places rows of panels one below the other, and numbers the panels in that order."""

    def __init__(self, board: dashboard.Dashboard) -> None:
        """Start at the top of ``board``."""
        self._board = board
        self._ids = count(1)
        self._top = 0

    def row(self, title: str, panels: Sequence[AnyPanel], *, columns: int, height: int) -> None:
        """Add a titled row with panels of equal size, ``columns`` side by side."""
        heading = dashboard.Row(title).id(next(self._ids))
        self._board.with_row(heading.grid_pos(GridPos(h=1, w=WIDTH, x=0, y=self._top)))
        self._top += 1
        width = WIDTH // columns
        for place, panel in enumerate(panels):
            line, column = divmod(place, columns)
            position = GridPos(h=height, w=width, x=column * width, y=self._top + line * height)
            self._board.with_panel(panel.id(next(self._ids)).grid_pos(position))
        self._top += -(-len(panels) // columns) * height


def _query(expr: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id("A").expr(expr).legend_format(legend).range()


def _variable(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
