"""The queries of a dashboard, and what they become when values are chosen."""

from __future__ import annotations

from typing import Any, Final

RATE_INTERVAL: Final = "1m"


def chosen(dashboard: dict[str, Any]) -> dict[str, str]:
    """What each variable stands at when the dashboard is opened."""
    variables = dashboard["templating"]["list"]
    return {"__rate_interval": RATE_INTERVAL} | {
        variable["name"]: variable.get("allValue") or variable["current"]["value"]
        for variable in variables
        if variable["type"] == "query"
    }


def substituted(query: str, values: dict[str, str]) -> str:
    """The query as Grafana sends it while the variables stand at these values."""
    for variable, value in values.items():
        query = query.replace(f"${variable}", value)
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
