from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpistream.edges.embedded_broker import free_port
from tests.cli.conftest import Run

RULE = """\
rules:
  - name: ctr_low
    kpi: click_through_rate
    window: 1h
    below: 0.01
    severity: warning
    owner: media
    action: Look.
    summary: Few click.
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_ships_is_right(kpistream: Run) -> None:
    ran = kpistream("check", "--no-broker")
    assert (ran.code, ran.err) == (0, "")
    assert "ok  settings" in ran.out
    assert "KPIs" in ran.out
    assert "marketing.yml: 2 rules" in ran.out


def test_a_setting_that_does_not_exist_is_named_with_the_allowed_ones(
    kpistream: Run, tmp_path: Path
) -> None:
    config = written(tmp_path, "kpistream.yml", "web_port: 6070\nbrokr: here:9092\n")
    ran = kpistream("check", "--no-broker", "--config", config)
    assert ran.code == 2
    assert f"{config}:2: brokr: unknown key; did you mean 'broker'?; allowed: broker," in ran.err


def test_a_mistake_in_the_rules_names_file_line_key_and_allowed_values(
    kpistream: Run, tmp_path: Path
) -> None:
    rules = written(tmp_path, "rules.yml", RULE.replace("warning", "alarming"))
    ran = kpistream("check", "--no-broker", "--rules", rules)
    assert ran.code == 2
    assert f"{rules}:6: rules[0].severity: unknown value 'alarming'; " in ran.err
    assert "allowed: info, warning, critical" in ran.err


def test_the_mistakes_of_all_files_are_told_at_once(kpistream: Run, tmp_path: Path) -> None:
    first = written(tmp_path, "first.yml", RULE.replace("1h", "2h"))
    second = written(tmp_path, "second.yml", RULE.replace("click_through_rate", "ctr"))
    ran = kpistream("check", "--no-broker", "--rules", first, "--rules", second)
    assert ran.code == 2
    assert f"{first}:4: rules[0].window: " in ran.err
    assert f"{second}:3: rules[0].kpi: " in ran.err


def test_a_name_that_two_files_use_is_a_mistake(kpistream: Run, tmp_path: Path) -> None:
    first, second = written(tmp_path, "1.yml", RULE), written(tmp_path, "2.yml", RULE)
    ran = kpistream("check", "--no-broker", "--rules", first, "--rules", second)
    assert ran.code == 2
    assert "'ctr_low' is taken" in ran.err


def test_a_mistake_in_the_catalogue_names_its_line(kpistream: Run, tmp_path: Path) -> None:
    catalogue = written(
        tmp_path, "catalogue.yml", "measures:\n  clicks: {count: click}\nkpis:\n  n: {}\n"
    )
    ran = kpistream("check", "--no-broker", "--catalogue", catalogue)
    assert ran.code == 2
    assert f"{catalogue}:4: kpis.n.name: this key is required" in ran.err
    assert "the rules were not checked" in ran.err


def test_mistakes_can_be_read_by_programs(kpistream: Run, tmp_path: Path) -> None:
    rules = written(tmp_path, "rules.yml", RULE.replace("warning", "alarming"))
    ran = kpistream("check", "--no-broker", "--json", "--rules", rules)
    found = json.loads(ran.out)
    assert (ran.code, found["ok"]) == (2, False)
    [error] = found["errors"]
    assert (error["file"], error["line"], error["key"]) == (str(rules), 6, "rules[0].severity")
    assert error["allowed"] == ["info", "warning", "critical"]


def test_a_broker_that_does_not_answer_is_a_mistake_that_names_its_setting(
    kpistream: Run,
) -> None:
    broker = f"127.0.0.1:{free_port()}"
    ran = kpistream("check", "--broker", broker)
    assert ran.code == 2
    assert f"no Kafka broker answers at {broker}" in ran.err
    assert "KPISTREAM_BROKER" in ran.err
    assert "Traceback" not in ran.err


def test_a_webhook_is_shown_by_its_host_alone(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https://hooks.example.org/T0/s3cr3t")
    ran = kpistream("check", "--no-broker")
    assert (ran.code, ran.err) == (0, "")
    assert "webhook webhook-809538: hooks.example.org" in ran.out
    assert "s3cr3t" not in ran.out


def test_a_webhook_without_a_host_is_a_mistake(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https:///s3cr3t")
    ran = kpistream("check", "--no-broker")
    assert ran.code == 2
    assert "settings: webhooks.webhook-9aeb6f: " in ran.err
    assert "s3cr3t" not in ran.err
