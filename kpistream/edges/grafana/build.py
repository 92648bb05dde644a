"""The dashboards as the JSON that Grafana is provisioned with.

The output is committed and compared, so it must be the same byte for byte each time.
"""

from __future__ import annotations

import json
import warnings

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from kpistream.edges.grafana.alerts_board import alerts_board
from kpistream.edges.grafana.board import ALERTS, CAMPAIGN, OWN_NAMES, PIPELINE
from kpistream.edges.grafana.campaign_board import campaign_board
from kpistream.edges.grafana.ground import Ground
from kpistream.edges.grafana.kpi_board import kpi_board
from kpistream.edges.grafana.pipeline_board import pipeline_board


class TakenName(ValueError):
    """A dashboard of the catalogue has the name of one that kpistream makes itself."""


def rendered(ground: Ground) -> dict[str, str]:
    """The name of each file to its text; raises :class:`TakenName`."""
    return {f"{name}.json": render(board) for name, board in dashboards(ground).items()}


def dashboards(ground: Ground) -> dict[str, Dashboard]:
    """The dashboards by name: those of KPIs, then those that no catalogue lists."""
    if taken := [name for name in OWN_NAMES if name in ground.boards]:
        problem = f"kpistream has a dashboard {taken[0]!r} of its own; give yours another name"
        raise TakenName(problem)
    # The SDK prefers its newest schema, which older Grafana servers cannot read.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
        boards = {name: kpi_board(name, ground) for name in ground.boards}
        if (campaign := campaign_board(ground)) is not None:
            boards[CAMPAIGN] = campaign
        return {**boards, ALERTS: alerts_board(ground), PIPELINE: pipeline_board(ground)}


def render(board: Dashboard) -> str:
    """The dashboard as text: sorted keys, a line a value, a final newline."""
    document = json.dumps(
        board.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False
    )
    return document + "\n"
