"""The queries of a dashboard, and what they become when values are chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

SPANS: Final = {"__rate_interval": "1m", "__range": "5m"}
"""What Grafana puts for the spans that follow from the chosen time."""

_VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")


def chosen(dashboard: dict[str, Any]) -> dict[str, str]:
    """What each variable stands at when the dashboard is opened; not those that take the first."""
    return SPANS | {
        variable["name"]: variable.get("allValue") or variable["current"]["value"]
        for variable in variables(dashboard)
        if "current" in variable
    }


def variables(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The variables that ask Prometheus."""
    return [one for one in dashboard["templating"]["list"] if one["type"] == "query"]


def substituted(query: str, values: Mapping[str, str]) -> str:
    """The query as Grafana sends it while the variables stand at these values."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), query)


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels that are no rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_queries(dashboard: dict[str, Any]) -> list[str]:
    """What the panels and the annotations ask, in PromQL."""
    asked = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    return asked + [note["target"]["expr"] for note in dashboard["annotations"]["list"]]


def variable_queries(dashboard: dict[str, Any]) -> list[str]:
    """What the variables ask: ``label_values(selector, label)``."""
    return [variable["query"] for variable in variables(dashboard)]


def label_values(query: str) -> tuple[str, str]:
    """The selector and the label of a variable's query."""
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
    assert found is not None, query
    return found[1], found[2]


def queries(dashboard: dict[str, Any]) -> list[str]:
    """Everything a dashboard asks Prometheus."""
    return panel_queries(dashboard) + variable_queries(dashboard)
