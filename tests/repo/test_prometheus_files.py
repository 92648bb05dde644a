"""The configuration of Prometheus and Alertmanager, and the rules about the pipeline."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kpistream.edges.metrics.families import FAMILIES
from tests.repo.files import ROOT, text_of, yaml_of

PROMETHEUS = yaml_of("deploy/prometheus/prometheus.yml")
GROUPS = yaml_of("deploy/prometheus/rules/pipeline.yml")["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]


def targets_of(job: str) -> list[str]:
    (config,) = (c for c in PROMETHEUS["scrape_configs"] if c["job_name"] == job)
    return [target for static in config["static_configs"] for target in static["targets"]]


def checked(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_scrapes_every_worker_of_compose() -> None:
    workers = [name for name in yaml_of("docker-compose.yml")["services"] if "worker" in name]
    assert targets_of("kpistream") == [f"{name}:6066" for name in workers]


def test_alerts_reach_the_alertmanager_of_compose() -> None:
    (managers,) = PROMETHEUS["alerting"]["alertmanagers"]
    assert managers["static_configs"] == [{"targets": ["alertmanager:9093"]}]


def test_rules_ask_only_for_metrics_that_workers_export() -> None:
    exported = {family.name for family in FAMILIES}
    for rule in RULES:
        asked = re.findall(r"kpistream_\w+", rule["expr"])
        assert {name.removesuffix("_bucket") for name in asked} <= exported, rule["alert"]


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    for rule in RULES:
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_every_rule_is_tested() -> None:
    tested = re.findall(r"alertname: (\w+)", text_of("deploy/prometheus/rules_test.yml"))
    assert set(tested) == {rule["alert"] for rule in RULES}


def test_every_rule_has_a_case_that_fires_and_series_or_a_time_that_do_not() -> None:
    tests = yaml_of("deploy/prometheus/rules_test.yml")["tests"]
    for rule in RULES:
        cases = [
            (case.get("exp_alerts", []), len(test["input_series"]))
            for test in tests
            for case in test["alert_rule_test"]
            if case["alertname"] == rule["alert"]
        ]
        assert any(fires for fires, _ in cases), rule["alert"]
        assert any(len(fires) < series for fires, series in cases), rule["alert"]


@pytest.mark.prometheus
def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    """It wants the file with the token to be there, which compose puts there."""
    folder = tmp_path / "prometheus"
    shutil.copytree(ROOT / "deploy" / "prometheus", folder)
    token, file = tmp_path / "read_token", folder / "prometheus.yml"
    token.write_text("0123456789abcdef", encoding="utf-8")
    written = file.read_text(encoding="utf-8")
    assert "/run/secrets/read_token" in written
    file.write_text(written.replace("/run/secrets/read_token", str(token)), encoding="utf-8")
    checked("promtool", "check", "config", str(file))


@pytest.mark.prometheus
def test_promtool_accepts_the_rules() -> None:
    checked("promtool", "check", "rules", "deploy/prometheus/rules/pipeline.yml")


@pytest.mark.prometheus
def test_the_rules_fire_when_they_should() -> None:
    checked("promtool", "test", "rules", "deploy/prometheus/rules_test.yml")


@pytest.mark.prometheus
def test_amtool_accepts_the_configuration_of_alertmanager() -> None:
    checked("amtool", "check-config", "deploy/alertmanager/alertmanager.yml")
