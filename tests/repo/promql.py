"""The queries of a dashboard, and what they become when values are chosen."""

from __future__ import annotations

from typing import Any, Final

CHOSEN: Final = {
    "$__rate_interval": "1m",
    "$window": "5m",
    "$channel": ".*",
    "$campaign": ".*",
    "$currency": ".*",
}


def substituted(query: str) -> str:
    """The query as Grafana sends it while every variable stands at its first value."""
    for variable, value in CHOSEN.items():
        query = query.replace(variable, value)
    return query


def panel_queries(dashboard: dict[str, Any]) -> list[str]:
    """What the panels and the annotations ask, in PromQL."""
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return asked + [note["target"]["expr"] for note in dashboard["annotations"]["list"]]


def variable_queries(dashboard: dict[str, Any]) -> list[str]:
    """What the variables ask: ``label_values(selector, label)``."""
    variables = dashboard["templating"]["list"]
    return [variable["query"] for variable in variables if variable["type"] == "query"]


def queries(dashboard: dict[str, Any]) -> list[str]:
    """Everything a dashboard asks Prometheus."""
    return panel_queries(dashboard) + variable_queries(dashboard)
