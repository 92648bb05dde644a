"""The overview: the KPIs that matter now, by channel and campaign, and the pipeline's health."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from grafana.kpis import thresholds_of, unit_of
from grafana.parts import SOURCE, AnyPanel, Grid, any_of, graph, number, one_of, source_variable
from kpistream.core.catalogue import Catalogue
from kpistream.core.kpis import Kpi
from kpistream.edges.metrics import families

UID = "kpistream-overview"

_FILTERS = {
    "total": "",
    "channel": ', channel=~"$channel"',
    "channel_campaign": ', channel=~"$channel", campaign=~"$campaign"',
}
"""What the dashboard's variables choose, by the set of dimensions of a slice."""


SHOWN = (
    "return_on_ad_spend",
    "revenue",
    "click_through_rate",
    "unsubscribe_rate",
    "average_order_value",
    "session_conversion_rate",
)
"""Catalogue ids, in the order in which people look."""

SHOWN_BY_CAMPAIGN = ("return_on_ad_spend", "unsubscribe_rate", "click_through_rate")


def overview(catalogue: Catalogue) -> dashboard.Dashboard:
    """The dashboard, ready to be built; what it says of a KPI is what the catalogue says."""
    board = (
        dashboard.Dashboard("kpistream / Overview")
        .uid(UID)
        .description("Marketing KPIs, their alerts, and the health of the pipeline behind them.")
        .tags(["kpistream"])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("5s")
        .time("now-30m", "now")
        .readonly()
        .annotation(_firing_alerts())
    )
    for variable in _variables():
        board.with_variable(variable)
    grid = Grid(board)
    shown = [catalogue.kpis[kpi] for kpi in SHOWN]
    campaigns = [catalogue.kpis[kpi] for kpi in SHOWN_BY_CAMPAIGN]
    grid.row("Now, in total", [_now(kpi) for kpi in shown], columns=6, height=5)
    grid.row("By channel", [_by_channel(kpi) for kpi in shown], columns=3, height=8)
    grid.row("By campaign", [_by_campaign(kpi) for kpi in campaigns], columns=3, height=9)
    grid.row("Alerts", _alerts(), columns=2, height=7)
    grid.row("Pipeline", _pipeline(), columns=4, height=7)
    return board


def _variables() -> list[dashboard.DatasourceVariable | dashboard.QueryVariable]:
    kpi = families.KPI.name
    return [
        source_variable(),
        one_of("window", "Window", f"label_values({kpi}, window)", "5m"),
        any_of("channel", "Channel", f'label_values({kpi}{{channel!=""}}, channel)'),
        any_of(
            "campaign",
            "Campaign",
            f'label_values({kpi}{{channel=~"$channel", campaign!=""}}, campaign)',
        ),
        any_of("currency", "Currency", f'label_values({kpi}{{currency!=""}}, currency)'),
    ]


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


def _by_channel(kpi: Kpi) -> AnyPanel:
    return graph(
        kpi.name["en"],
        f"{kpi.description['en']} One line a channel, in the chosen window.",
        _readings(kpi, "channel", "channel, currency"),
        unit_of(kpi),
        "{{channel}} {{currency}}",
    )


def _by_campaign(kpi: Kpi) -> AnyPanel:
    return graph(
        kpi.name["en"],
        f"{kpi.description['en']} One line a campaign of a channel, in the chosen window.",
        _readings(kpi, "channel_campaign", "channel, campaign, currency"),
        unit_of(kpi),
        "{{channel}} / {{campaign}} {{currency}}",
    )


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


def _alerts() -> list[AnyPanel]:
    return [
        graph(
            f"Alerts {state}",
            f"{meaning} One line a rule.",
            f'sum by (rule) ({families.ALERTS.name}{{state="{state}"}})',
            "none",
            "{{rule}}",
        )
        for state, meaning in (
            ("firing", "Slices for which a rule's condition has held for its whole duration."),
            ("pending", "Slices for which a rule's condition holds, not yet for its duration."),
        )
    ]


def _pipeline() -> list[AnyPanel]:
    return [
        graph(
            "Events",
            "Events a second by what became of them. Late and rejected ones are in the dead-letter "
            "topic, with the reason.",
            f"sum by (outcome, reason) (rate({families.EVENTS.name}[$__rate_interval]))",
            "eps",
            "{{outcome}} {{reason}}",
        ),
        graph(
            "Lag",
            "Records on the broker that are not read yet. A lag that keeps growing asks for more "
            "workers.",
            f"sum by (topic) ({families.LAG.name})",
            "short",
            "{{topic}}",
        ),
        graph(
            "Watermark age",
            "How far event time is behind the clock, for the partition furthest behind. It grows "
            "while a source is silent.",
            f"time() - min by (topic) ({families.WATERMARK.name})",
            "s",
            "{{topic}}",
        ),
        graph(
            "Webhook deliveries",
            "Tries to deliver a notification, by receiver and by what came of them. Refused and "
            "given up ones are dead letters.",
            f"sum by (receiver, outcome) (increase({families.DELIVERIES.name}[$__rate_interval]))",
            "short",
            "{{receiver}} {{outcome}}",
        ),
        graph(
            "Stage time, 99th percentile",
            "Time a chunk of records spends in each stage of the pipeline.",
            _percentile(families.STAGE.name, "stage"),
            "s",
            "{{stage}}",
        ),
        graph(
            "Event lateness, 99th percentile",
            "Time from an event's occurrence to its arrival on the broker.",
            _percentile(families.LATENESS.name, "topic"),
            "s",
            "{{topic}}",
        ),
        graph(
            "Slices",
            "Slices that have a reading, over all workers.",
            f"sum({families.SLICES.name})",
            "short",
            "slices",
        ),
        graph(
            "Workers",
            "Workers that answer, by version.",
            f"count by (version) ({families.BUILD.name})",
            "short",
            "{{version}}",
        ),
    ]


def _percentile(histogram: str, by: str) -> str:
    rates = f"rate({histogram}_bucket[$__rate_interval])"
    return f"histogram_quantile(0.99, sum by ({by}, le) ({rates}))"
