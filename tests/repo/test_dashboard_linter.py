"""The dashboards keep the rules of Grafana's dashboard-linter, but for those that it is told of."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.repo.dashboard_rules import RULES, findings
from tests.repo.files import ROOT, json_of, yaml_of

FOLDER = "grafana/dashboards"
NAMES = sorted(path.name for path in (ROOT / FOLDER).glob("*.json"))
EXCLUSIONS = yaml_of(f"{FOLDER}/.lint")["exclusions"]

BREAKS = [
    ("template-datasource-rule", r'"Data source"', '"Source"'),
    ("template-job-rule", r'"\.\+"', '".*"'),
    ("template-instance-rule", r'"label": "Instance"', '"label": "Worker"'),
    ("template-label-promql-rule", r'"label_values\(', '"label_value('),
    ("template-on-time-change-reload-rule", r'"refresh": 2', '"refresh": 1'),
    ("panel-datasource-rule", r'"\$\{datasource\}"', '"kpistream-prometheus"'),
    ("panel-title-description-rule", r'"description": "[^"]+"', '"description": ""'),
    ("panel-units-rule", r'"unit": "s"', '"unit": "seconds"'),
    ("panel-no-targets-rule", r'"targets": ', '"target": '),
    ("target-promql-rule", r"sum by \(topic\) \(", "sum by (topic) "),
    ("target-rate-interval-rule", r"\$__rate_interval", "5m"),
    ("target-job-rule", r'job=~\\"\$job\\"', r'job=\\"kpistream\\"'),
    ("target-instance-rule", r', instance=~\\"\$instance\\"', ""),
    ("target-counter-agg-rule", r"increase\(", "last_over_time("),
    ("uneditable-dashboard", r'"editable": false', '"editable": true'),
]
"""A rule, and what to put for what in the text of a dashboard to break it."""


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_keeps_the_rules(name: str) -> None:
    assert findings(json_of(f"{FOLDER}/{name}"), EXCLUSIONS) == []


def test_each_rule_that_is_not_kept_has_a_reason_and_says_where() -> None:
    titles = {json_of(f"{FOLDER}/{name}")["title"] for name in NAMES}
    for rule, exclusion in EXCLUSIONS.items():
        assert rule in RULES
        assert exclusion["reason"]
        assert {entry["dashboard"] for entry in exclusion["entries"]} < titles


def test_an_exclusion_holds_where_it_is_needed_and_only_there() -> None:
    for rule, exclusion in EXCLUSIONS.items():
        for name in NAMES:
            board = json_of(f"{FOLDER}/{name}")
            is_told = {"dashboard": board["title"]} in exclusion["entries"]
            assert is_told == any(found == rule for found, _, _ in findings(board, {}))


def test_each_rule_is_broken_once() -> None:
    assert [rule for rule, _, _ in BREAKS] == list(RULES)


@pytest.mark.parametrize(("rule", "old", "new"), BREAKS, ids=list(RULES))
def test_a_rule_that_is_broken_is_found(rule: str, old: str, new: str) -> None:
    text = (ROOT / FOLDER / "pipeline.json").read_text(encoding="utf-8")
    broken, times = re.subn(old, new, text)
    assert times
    assert rule in {found for found, _, _ in findings(_parsed(broken), EXCLUSIONS)}


def _parsed(text: str) -> dict[str, Any]:
    import json

    board: dict[str, Any] = json.loads(text)
    return board
