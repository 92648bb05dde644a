"""The rules of Grafana's dashboard-linter for dashboards that ask Prometheus, by its names.

Written anew from what its documentation says they demand; whether a query is valid PromQL is for
Prometheus to say, which answers each of them in test_grafana_queries.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Board = dict[str, Any]
Found = tuple[str, str]
"""Where a rule is broken (a panel's title, or nothing for the dashboard), and how."""

UNITS: Final = {
    *("none", "string", "short", "percent", "percentunit", "sci", "locale", "bytes", "decbytes"),
    *("hertz", "ns", "µs", "ms", "s", "m", "h", "d", "dtdurationms", "dtdurations", "cps", "ops"),
    *("reqps", "rps", "wps", "iops", "cpm", "opm", "rpm", "wpm", "bool", "bool_yes_no"),
}
"""Those of Grafana that these dashboards may come to use."""

_CHOSEN_SOURCE: Final = ("$datasource", "${datasource}")
_SELECTOR: Final = re.compile(r"\{([^{}]*)\}")
_METRIC: Final = re.compile(r"\b(kpistream_\w+)(\{[^{}]*\})?(\[[^\]]*\])?")


def variable(board: Board, name: str) -> dict[str, Any] | None:
    """A variable by its name."""
    return next((one for one in board["templating"]["list"] if one["name"] == name), None)


def panels(board: Board) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board: Board) -> Iterator[tuple[str, str]]:
    """The title of the panel and the expression of each query."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def template_datasource(board: Board) -> Iterator[Found]:
    sources = [one for one in board["templating"]["list"] if one["type"] == "datasource"]
    if len(sources) != 1 or sources[0]["name"] != "datasource":
        yield "", "wants one variable `datasource`"
    elif sources[0]["label"] != "Data source":
        yield "", "the variable `datasource` is labelled `Data source`"


def _template(name: str) -> Callable[[Board], Iterator[Found]]:
    def rule(board: Board) -> Iterator[Found]:
        found = variable(board, name)
        if found is None:
            yield "", f"has no variable `{name}`"
            return
        wanted = {"type": "query", "label": name.capitalize(), "multi": True, "allValue": ".+"}
        for key, value in wanted.items():
            if found.get(key) != value:
                yield "", f"`{name}` has {key} {found.get(key)!r}, not {value!r}"
        if found["datasource"]["uid"] not in _CHOSEN_SOURCE:
            yield "", f"`{name}` does not ask the chosen data source"

    return rule


def template_label_promql(board: Board) -> Iterator[Found]:
    for one in board["templating"]["list"]:
        known = r"(label_names|label_values|metrics|query_result)\(.+\)"
        if one["type"] == "query" and not re.fullmatch(known, one["query"]):
            yield "", f"`{one['name']}` asks {one['query']!r}"


def template_on_time_change_reload(board: Board) -> Iterator[Found]:
    for one in board["templating"]["list"]:
        if one["type"] == "query" and one["refresh"] != 2:
            yield "", f"`{one['name']}` is not refreshed when the time changes"


def panel_datasource(board: Board) -> Iterator[Found]:
    for panel in panels(board):
        if panel["datasource"]["uid"] not in _CHOSEN_SOURCE:
            yield panel["title"], "does not ask the chosen data source"


def panel_title_description(board: Board) -> Iterator[Found]:
    for panel in panels(board):
        if not panel.get("title") or not panel.get("description"):
            yield panel.get("title", ""), "has no title or no description"


def panel_units(board: Board) -> Iterator[Found]:
    for panel in panels(board):
        config = panel["fieldConfig"]
        overridden = [
            one["value"]
            for override in config["overrides"]
            for one in override["properties"]
            if one["id"] == "unit"
        ]
        for unit in [config["defaults"].get("unit"), *overridden]:
            if unit not in UNITS:
                yield panel["title"], f"has the unit {unit!r}"


def panel_no_targets(board: Board) -> Iterator[Found]:
    for panel in panels(board):
        if not panel.get("targets"):
            yield panel["title"], "asks nothing"


def target_promql(board: Board) -> Iterator[Found]:
    for title, expr in targets(board):
        if not expr or any(expr.count(a) != expr.count(b) for a, b in ("()", "{}", "[]")):
            yield title, f"is no PromQL: {expr}"


def target_rate_interval(board: Board) -> Iterator[Found]:
    for title, expr in targets(board):
        for span in re.findall(r"\bi?rate\([^\[\]]*\[([^\]]*)\]", expr):
            if span != "$__rate_interval":
                yield title, f"takes a rate over {span}"


def _matcher(name: str) -> Callable[[Board], Iterator[Found]]:
    def rule(board: Board) -> Iterator[Found]:
        for title, expr in targets(board):
            metrics = len(_METRIC.findall(expr))
            matched = [s for s in _SELECTOR.findall(expr) if f'{name}=~"${name}"' in s.split(", ")]
            if len(matched) < metrics:
                yield title, f"has a selector without {name}: {expr}"

    return rule


def target_counter_agg(board: Board) -> Iterator[Found]:
    for title, expr in targets(board):
        for found in _METRIC.finditer(expr):
            before = expr[: found.start()]
            if found[1].endswith("_total") and not before.endswith(("rate(", "increase(")):
                yield title, f"shows a counter as it is: {found[1]}"


def uneditable(board: Board) -> Iterator[Found]:
    if board["editable"]:
        yield "", "can be edited"


RULES: Final[Mapping[str, Callable[[Board], Iterator[Found]]]] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": _matcher("job"),
    "target-instance-rule": _matcher("instance"),
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable,
}
"""Those about logs have nothing to say here."""


def findings(board: Board, exclusions: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each broken rule that is not excluded for this dashboard: the rule, where, and how."""
    return [
        (name, where, problem)
        for name, rule in RULES.items()
        for where, problem in rule(board)
        if not _is_excluded(exclusions.get(name), board["title"], where)
    ]


def _is_excluded(exclusion: Mapping[str, Any] | None, dashboard: str, panel: str) -> bool:
    if exclusion is None:
        return False
    entries = exclusion.get("entries", [])
    return not entries or any(
        entry.get("dashboard", dashboard) == dashboard and entry.get("panel", panel) == panel
        for entry in entries
    )
