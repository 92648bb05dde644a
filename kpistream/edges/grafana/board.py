"""A dashboard without panels: its title, links, time and the marks of alerts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from kpistream.edges.grafana.parts import SOURCE
from kpistream.edges.grafana.queries import JOB
from kpistream.edges.grafana.variables import Variable
from kpistream.edges.grafana.words import Words
from kpistream.edges.metrics import families

TAG: Final = "kpistream"

ALERTS: Final = "alerts"
CAMPAIGN: Final = "campaign"
PIPELINE: Final = "pipeline"
OWN_NAMES: Final = (CAMPAIGN, ALERTS, PIPELINE)
"""The dashboards that no catalogue lists."""

KEEP: Final = "${datasource:queryparam}&${job:queryparam}&${__url_time_range}"
"""What a link takes along wherever it leads."""


def empty_board(
    name: str,
    words: Words,
    about: str,
    variables: Iterable[Variable],
    *,
    since: str = "now-1h",
    rules: Sequence[str] = (),
    back: str | None = None,
) -> dashboard.Dashboard:
    """A dashboard with marks of the alerts of these rules (of all, for none)."""
    board = (
        dashboard.Dashboard(f"kpistream / {words.board(name)}")
        .uid(uid_of(name))
        .description(about)
        .tags([TAG])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("10s")
        .time(since, "now")
        .readonly()
        .annotation(_firing_alerts(words, rules))
    )
    if back is not None:
        board.link(_back_to(back, words))
    board.link(_other_dashboards(words))
    for variable in variables:
        board.with_variable(variable)
    return board


def uid_of(name: str) -> str:
    """The id of a dashboard in Grafana, which links to it use."""
    return f"kpistream-{name}"


def url_of(name: str, *chosen: str) -> str:
    """The address of a dashboard, with what else its variables shall stand at."""
    return f"/d/{quote(uid_of(name), safe='')}?{'&'.join([KEEP, *chosen])}"


def _back_to(name: str, words: Words) -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink(words("back", board=words.board(name)))
        .type(DashboardLinkType.LINK)
        .icon("arrow-left")
        .url(f"/d/{uid_of(name)}")
        .placement("")
        .target_blank(False)
        .include_vars(False)
        .keep_time(True)
    )


def _other_dashboards(words: Words) -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink(words("dashboards"))
        .type(DashboardLinkType.DASHBOARDS)
        .icon("external link")
        .tooltip(words("dashboards_tip"))
        .tags([TAG])
        .as_dropdown(True)
        # The builder's own choice hides it in a menu that older Grafana servers do not have.
        .placement("")
        .target_blank(False)
        .include_vars(False)
        .keep_time(True)
    )


def _firing_alerts(words: Words, rules: Sequence[str]) -> dashboard.AnnotationQuery:
    # In a string of PromQL, a backslash stands for itself only when it is doubled.
    named = "|".join(re.escape(rule).replace("\\", "\\\\") for rule in rules)
    those = f', rule=~"{named}"' if rules else ""
    expr = f'sum by (rule) ({families.ALERTS.name}{{{JOB}, state="firing"{those}}}) > 0'
    return (
        dashboard.AnnotationQuery()
        .name(words("firing_alerts"))
        .datasource(SOURCE)
        .enable(True)
        .icon_color("red")
        .expr(expr)
        .target(prometheus.Dataquery().ref_id("Anno").expr(expr).range())
        .title_format("{{rule}}")
        .text_format(words("fires"))
    )
