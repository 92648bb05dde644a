"""The overview: the KPIs that matter most, alerts, and the health of the pipeline behind them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from grafana.board import kpi_board
from grafana.parts import AnyPanel, graph
from kpistream.core.catalogue import Catalogue
from kpistream.edges.metrics import families

NAME = "overview"
"""The catalogue's dashboard that alerts and the pipeline are shown with."""


def overview(catalogue: Catalogue) -> dashboard.Dashboard:
    """The dashboard, ready to be built."""
    board, grid = kpi_board(NAME, catalogue)
    grid.row("Alerts", _alerts(), columns=2, height=7)
    grid.row("Pipeline", _pipeline(), columns=4, height=7)
    return board


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
            "How far reading is behind the clock, for the partition furthest behind. It grows "
            "while records wait; that of a silent source moves on by itself.",
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
