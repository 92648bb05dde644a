"""The parts of a dashboard in one house style: numbers, graphs, tables, bars, timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Final, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from kpistream.edges.grafana.kpi_style import steps

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")

AnyPanel = stat.Panel | timeseries.Panel | table.Panel | bargauge.Panel | statetimeline.Panel
P = TypeVar("P", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel, statetimeline.Panel)

PLAIN: Final = steps(["text"], [])
"""A colour that neither praises nor blames."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: a query with one row for each set of labels, and how it reads."""

    title: str
    expr: str
    unit: str = "short"
    decimals: int | None = None
    thresholds: list[Threshold] = field(default_factory=lambda: PLAIN)
    style: str = "color-text"
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of its cells, by Grafana's names."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a panel of bars: its name and its query."""

    name: str
    expr: str


def number(
    title: str,
    description: str,
    expr: str,
    legend: str,
    *,
    unit: str = "short",
    decimals: int | None = None,
    thresholds: list[Threshold] | None = None,
    no_value: str = "0",
) -> stat.Panel:
    """A big number with its recent course behind it; one for each currency, where there are."""
    panel = (
        stat.Panel()
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.VALUE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(_absolute(thresholds or PLAIN))
        .no_value(no_value)
        .with_target(course("A", expr, legend))
    )
    if decimals is not None:
        panel.decimals(decimals)
    return _titled(panel, title, description, unit)


def single(
    title: str, description: str, expr: str, legend: str, thresholds: list[Threshold] | None = None
) -> stat.Panel:
    """A big number of one moment, without a course."""
    panel = number(title, description, expr, legend, thresholds=thresholds)
    return panel.targets([moment("A", expr, legend)]).graph_mode(BigValueGraphMode.NONE)


def compared(
    panel: stat.Panel, expr: str, legend: str, unit: str, thresholds: list[Threshold]
) -> stat.Panel:
    """A second, smaller story beside a number: what it is compared with."""
    return panel.with_target(moment("B", expr, legend)).override_by_query(
        "B",
        [
            DynamicConfigValue("unit", unit),
            DynamicConfigValue("decimals", 1),
            DynamicConfigValue("thresholds", {"mode": "absolute", "steps": _plain(thresholds)}),
        ],
    )


def graph(
    title: str,
    description: str,
    expr: str,
    legend: str,
    *,
    unit: str = "short",
    decimals: int | None = None,
) -> timeseries.Panel:
    """A course over time, one line a series."""
    panel = (
        timeseries.Panel()
        .with_target(course("A", expr, legend))
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
    if decimals is not None:
        panel.decimals(decimals)
    return _titled(panel, title, description, unit)


def dashed(panel: timeseries.Panel, ref: str, expr: str, legend: str) -> timeseries.Panel:
    """A further line, dashed and grey, to compare with."""
    return panel.with_target(course(ref, expr, legend)).override_by_query(
        ref,
        [
            DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
            DynamicConfigValue("custom.fillOpacity", 0),
            DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "gray"}),
        ],
    )


def grid_table(
    title: str,
    description: str,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    *,
    no_value: str = "",
    links: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    sorted_by: str | None = None,
) -> table.Panel:
    """A table: a row for each set of labels, first the labels, then the columns.

    ``labels`` are the titles of the labels, ``links`` their links by label.
    """
    panel = table.Panel().no_value(no_value).filterable(False)
    refs = ascii_uppercase[: len(columns)]
    for ref, column in zip(refs, columns, strict=True):
        panel.with_target(moment(ref, column.expr, "").format(PromQueryFormat.TABLE))
        panel.override_by_name(column.title, _cells(column))
    for label, to in (links or {}).items():
        panel.override_by_name(labels[label], [DynamicConfigValue("links", list(to))])
    # With one query Grafana calls the column Value, with several Value #A, Value #B ...
    named = ["Value"] if len(columns) == 1 else [f"Value #{ref}" for ref in refs]
    titles = dict(zip(named, [column.title for column in columns], strict=True))
    order = {name: place for place, name in enumerate([*labels, *titles])}
    panel.with_transformation(DataTransformerConfig("merge", options={}))
    panel.with_transformation(
        DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {"Time": True},
                "indexByName": order,
                "renameByName": {**labels, **titles},
            },
        )
    )
    if sorted_by is not None:
        panel.sort_by([common.TableSortByFieldState().display_name(sorted_by).desc(True)])
    return _titled(panel, title, description, "short")


def bars(
    title: str,
    description: str,
    shown: Sequence[Bar],
    *,
    unit: str = "short",
    thresholds: list[Threshold] | None = None,
    names: BarGaugeNamePlacement = BarGaugeNamePlacement.LEFT,
) -> bargauge.Panel:
    """Bars below each other, one for each query, or for each series of the only one."""
    panel = (
        bargauge.Panel()
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .value_mode(BarGaugeValueMode.TEXT)
        .name_placement(names)
        .show_unfilled(False)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(_absolute(thresholds or steps(["blue"], [])))
        .min(0)
    )
    for ref, bar in zip(ascii_uppercase, shown, strict=False):
        panel.with_target(moment(ref, bar.expr, bar.name))
    return _titled(panel, title, description, unit)


def timeline(
    title: str, description: str, expr: str, legend: str, states: Sequence[tuple[str, str]]
) -> statetimeline.Panel:
    """A band for each series, coloured by its state: 0 is the first of ``states``, and so on."""
    options = {
        str(value): {"text": text, "color": colour, "index": value}
        for value, (text, colour) in enumerate(states)
    }
    panel = (
        statetimeline.Panel()
        .with_target(course("A", expr, legend))
        .show_value(VisibilityMode.NEVER)
        .merge_values(True)
        .row_height(0.8)
        .override_by_query(
            "A", [DynamicConfigValue("mappings", [{"type": "value", "options": options}])]
        )
    )
    return _titled(panel, title, description, "none")


def link(title: str, url: str) -> dashboard.DashboardLink:
    """Where a click on a value leads."""
    return dashboard.DashboardLink(title).url(url).target_blank(False)


def course(ref: str, expr: str, legend: str) -> prometheus.Dataquery:
    """A query over the chosen time."""
    return prometheus.Dataquery().ref_id(ref).expr(expr).legend_format(legend).range()


def moment(ref: str, expr: str, legend: str) -> prometheus.Dataquery:
    """A query at the end of the chosen time."""
    return prometheus.Dataquery().ref_id(ref).expr(expr).legend_format(legend).instant()


def _titled(panel: P, title: str, description: str, unit: str) -> P:
    panel.title(title).description(description).datasource(SOURCE).unit(unit)
    return panel


def _absolute(thresholds: list[Threshold]) -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(thresholds)


def _cells(column: Column) -> list[DynamicConfigValue]:
    cells: dict[str, Any] = {
        "unit": column.unit,
        "thresholds": {"mode": "absolute", "steps": _plain(column.thresholds)},
        "color": {"mode": "thresholds"},
        "custom.cellOptions": {"type": column.style},
        **column.more,
    }
    if column.decimals is not None:
        cells["decimals"] = column.decimals
    return [DynamicConfigValue(name, value) for name, value in cells.items()]


def _plain(thresholds: list[Threshold]) -> list[dict[str, object]]:
    return [{"color": step.color, "value": step.value} for step in thresholds]
