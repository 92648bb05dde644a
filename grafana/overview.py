"""The overview: the KPIs that matter now, by channel and campaign, and the pipeline's health."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from grafana.parts import SOURCE, AnyPanel, Grid, any_of, graph, number, one_of, source_variable
from kpistream.edges.metrics import families

UID = "kpistream-overview"

_FILTERS = {
    "total": "",
    "channel": ', channel=~"$channel"',
    "channel_campaign": ', channel=~"$channel", campaign=~"$campaign"',
}
"""What the dashboard's variables choose, by the set of dimensions of a slice."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A KPI on the overview: its catalogue id, and how it reads here."""

    id: str
    title: str
    description: str
    unit: str
    red_below: float = 0


ROAS = Shown(
    "return_on_ad_spend",
    "Return on ad spend",
    "Revenue divided by ad cost. Below 1 the ads cost more than they bring in.",
    "none",
    red_below=1,
)
REVENUE = Shown(
    "revenue", "Revenue", "Order revenue minus refunds, in major units of the currency.", "none"
)
CLICK_THROUGH = Shown(
    "click_through_rate", "Click-through rate", "Clicks divided by impressions.", "percentunit"
)
UNSUBSCRIBES = Shown(
    "unsubscribe_rate",
    "Unsubscribe rate",
    "Unsubscribes divided by e-mails delivered. A rise points to fatigue or wrong targeting.",
    "percentunit",
)
ORDER_VALUE = Shown(
    "average_order_value", "Average order value", "Revenue divided by orders.", "none"
)
CONVERSION = Shown(
    "session_conversion_rate", "Conversion rate", "Orders divided by sessions.", "percentunit"
)

SHOWN = (ROAS, REVENUE, CLICK_THROUGH, UNSUBSCRIBES, ORDER_VALUE, CONVERSION)


def overview() -> dashboard.Dashboard:
    """The dashboard, ready to be built."""
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
    grid.row("Now, in total", [_now(kpi) for kpi in SHOWN], columns=6, height=5)
    grid.row("By channel", [_by_channel(kpi) for kpi in SHOWN], columns=3, height=8)
    campaigns = [_by_campaign(kpi) for kpi in (ROAS, UNSUBSCRIBES, CLICK_THROUGH)]
    grid.row("By campaign", campaigns, columns=3, height=9)
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


def _readings(kpi: Shown, dimensions: str, by: str) -> str:
    """The query of a KPI; ``max`` only bridges the moment in which a slice changes its worker."""
    # A ratio of counts has no currency, whichever currency is chosen.
    selector = (
        f'kpi="{kpi.id}", window="$window", slice="{dimensions}"'
        f'{_FILTERS[dimensions]}, currency=~"$currency|"'
    )
    return f"max by ({by}) ({families.KPI.name}{{{selector}}})"


def _now(kpi: Shown) -> AnyPanel:
    return number(
        kpi.title,
        f"{kpi.description} Over all traffic, in the chosen window.",
        _readings(kpi, "total", "currency"),
        kpi.unit,
        "{{currency}}",
        kpi.red_below,
    )


def _by_channel(kpi: Shown) -> AnyPanel:
    return graph(
        kpi.title,
        f"{kpi.description} One line a channel, in the chosen window.",
        _readings(kpi, "channel", "channel, currency"),
        kpi.unit,
        "{{channel}} {{currency}}",
    )


def _by_campaign(kpi: Shown) -> AnyPanel:
    return graph(
        kpi.title,
        f"{kpi.description} One line a campaign of a channel, in the chosen window.",
        _readings(kpi, "channel_campaign", "channel, campaign, currency"),
        kpi.unit,
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
            "Attempts to deliver a notification, by receiver and by what came of them.",
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
