"""The dashboard of alerts: history, noise and delivery."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from kpistream.edges.grafana import alert_panels as panels
from kpistream.edges.grafana import variables
from kpistream.edges.grafana.alert_panels import CHOSEN_RULES
from kpistream.edges.grafana.board import ALERTS, empty_board
from kpistream.edges.grafana.grid import Grid
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_board import OVERVIEW
from kpistream.edges.grafana.queries import JOB
from kpistream.edges.metrics import families


def alerts_board(ground: Ground) -> dashboard.Dashboard:
    """The dashboard, ready to be built."""
    words = ground.words
    rules = f"label_values({families.ALERTS.name}{{{JOB}}}, rule)"
    board = empty_board(
        ALERTS,
        words,
        words("about_alerts"),
        [*variables.usual(words), variables.any_of("rule", words("rule"), rules)],
        since="now-24h",
        back=OVERVIEW if OVERVIEW in ground.boards else None,
    )
    grid = Grid(board)
    now = [
        panels.firing_now(words, CHOSEN_RULES),
        panels.pending_now(words, CHOSEN_RULES),
        panels.changes_to(words, "firing", "fired", "about_fired", CHOSEN_RULES),
        panels.changes_to(words, "resolved", "ended", "about_ended", CHOSEN_RULES),
        panels.left_out(words),
    ]
    grid.line(words("row_alerts"), now, [5, 5, 5, 5, 4], 4)
    grid.line(None, [panels.alerts_now(words, CHOSEN_RULES)], [24], 7)
    grid.line(words("row_history"), [panels.history(words, CHOSEN_RULES)], [24], 10)
    grid.line(None, [panels.firing_course(words, CHOSEN_RULES)], [24], 8)
    noise = [panels.noise(words, CHOSEN_RULES), panels.flapping(words, CHOSEN_RULES)]
    grid.line(words("row_noise"), noise, [12, 12], 10)
    told = [panels.deliveries(words), panels.delivery_course(words), panels.waiting(words)]
    grid.line(words("row_delivery"), told, [8, 8, 8], 8)
    return board
