"""A dashboard of the catalogue: its KPIs now, by channel and by campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from grafana.kpis import thresholds_of, unit_of
from grafana.parts import SOURCE, AnyPanel, Grid, any_of, graph, number, one_of, source_variable
from kpistream.core.catalogue import Catalogue
from kpistream.core.kpis import Kpi
from kpistream.core.slices import set_name
from kpistream.edges.metrics import families

TAG: Final = "kpistream"

_FILTERS: Final = {
    "total": "",
    "channel": ', channel=~"$channel"',
    "channel_campaign": ', channel=~"$channel", campaign=~"$campaign"',
}
"""What the dashboard's variables choose, by the set of dimensions of a slice."""


def kpi_board(name: str, catalogue: Catalogue) -> tuple[dashboard.Dashboard, Grid]:
    """The catalogue's dashboard of this name, and where further rows go.

    What it says of a KPI is what the catalogue says. A KPI is in the rows of those slices, and the
    window chosen at first is one of those, that it is read for unless somebody asks for others.
    """
    kpis = [catalogue.kpis[kpi] for kpi in catalogue.dashboards[name]]
    board = _empty(name)
    for variable in _variables(kpis):
        board.with_variable(variable)
    grid = Grid(board)
    grid.row("Now, in total", [_now(kpi) for kpi in kpis], columns=4, height=5)
    grid.row("By channel", _by_channel(kpis), columns=3, height=8)
    if campaigns := _by_campaign(kpis):
        grid.row("By campaign", campaigns, columns=3, height=9)
    return board, grid


def title_of(name: str) -> str:
    """A dashboard's name for people."""
    return name.replace("_", " ").capitalize()


def _empty(name: str) -> dashboard.Dashboard:
    return (
        dashboard.Dashboard(f"kpistream / {title_of(name)}")
        .uid(f"kpistream-{name}")
        .description("KPIs that belong together, as the catalogue puts them; alerts as marks.")
        .tags([TAG])
        .link(_other_dashboards())
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("5s")
        .time("now-30m", "now")
        .readonly()
        .annotation(_firing_alerts())
    )


def _other_dashboards() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("Dashboards")
        .type(DashboardLinkType.DASHBOARDS)
        .icon("external link")
        .tooltip("The other dashboards of kpistream")
        .tags([TAG])
        .as_dropdown(True)
        # The builder's own choice hides it in a menu that older Grafana servers do not have.
        .placement("")
        .target_blank(False)
        .include_vars(False)
        .keep_time(True)
    )


def _variables(
    kpis: Sequence[Kpi],
) -> list[dashboard.DatasourceVariable | dashboard.QueryVariable]:
    metric = families.KPI.name
    shown = "|".join(kpi.id for kpi in kpis)
    return [
        source_variable(),
        one_of(
            "window",
            "Window",
            f'label_values({metric}{{kpi=~"{shown}"}}, window)',
            _shared_window(kpis),
        ),
        any_of("channel", "Channel", f'label_values({metric}{{channel!=""}}, channel)'),
        any_of(
            "campaign",
            "Campaign",
            f'label_values({metric}{{channel=~"$channel", campaign!=""}}, campaign)',
        ),
        any_of("currency", "Currency", f'label_values({metric}{{currency!=""}}, currency)'),
    ]


def _shared_window(kpis: Sequence[Kpi]) -> str:
    """The first window that all of them are read for."""
    return next(window for window in kpis[0].windows if all(window in kpi.windows for kpi in kpis))


def _readings(kpi: Kpi, dimensions: str, by: str) -> str:
    """The query of a KPI; ``max`` only bridges the moment in which a slice changes its worker."""
    # A ratio of counts has no currency, whichever currency is chosen.
    selector = (
        f'kpi="{kpi.id}", window="$window", slice="{dimensions}"'
        f'{_FILTERS[dimensions]}, currency=~"$currency|"'
    )
    return f"max by ({by}) ({families.KPI.name}{{{selector}}})"


def _now(kpi: Kpi) -> AnyPanel:
    return number(
        kpi.name["en"],
        f"{kpi.description['en']} Over all traffic, in the chosen window.",
        _readings(kpi, "total", "currency"),
        unit_of(kpi),
        "{{currency}}",
        thresholds_of(kpi),
    )


def _by_channel(kpis: Sequence[Kpi]) -> list[AnyPanel]:
    return _by("channel", "a channel", "channel", "{{channel}}", kpis)


def _by_campaign(kpis: Sequence[Kpi]) -> list[AnyPanel]:
    labels, legend = "channel, campaign", "{{channel}} / {{campaign}}"
    return _by("channel_campaign", "a campaign of a channel", labels, legend, kpis)


def _by(slices: str, member: str, labels: str, legend: str, kpis: Sequence[Kpi]) -> list[AnyPanel]:
    """A graph with a line a member, for each KPI that is read by these slices."""
    return [
        graph(
            kpi.name["en"],
            f"{kpi.description['en']} One line {member}, in the chosen window.",
            _readings(kpi, slices, f"{labels}, currency"),
            unit_of(kpi),
            f"{legend} {{{{currency}}}}",
        )
        for kpi in kpis
        if _is_read_by(kpi, slices)
    ]


def _is_read_by(kpi: Kpi, dimensions: str) -> bool:
    return kpi.slices is None or dimensions in map(set_name, kpi.slices)


def _firing_alerts() -> dashboard.AnnotationQuery:
    expr = f'sum by (rule) ({families.ALERTS.name}{{state="firing"}}) > 0'
    return (
        dashboard.AnnotationQuery()
        .name("Firing alerts")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("red")
        .expr(expr)
        .target(prometheus.Dataquery().ref_id("Anno").expr(expr).range())
        .title_format("{{rule}}")
        .text_format("{{rule}} fires")
    )
