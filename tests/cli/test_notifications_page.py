"""docs/notifications.md: its settings are right, its tables complete, its commands work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kpistream.cli.checking.findings import Findings
from kpistream.cli.checking.receivers import check_reach
from kpistream.cli.wiring.receivers import POLICY, read_receivers
from kpistream.cli.wiring.wiring import read_plan
from kpistream.core.alerting.telling.matchers import parse_matcher
from kpistream.edges.metrics.families import FAMILIES
from kpistream.settings import MuteTimeSettings, ReceiverSettings, load_settings
from kpistream.stream.courier import MOST_AT_ONCE
from tests.cli.conftest import Run
from tests.cli.test_silence import Served
from tests.support.alerting import START, firing
from tests.support.front_desk import FrontDesk
from tests.support.notified import silence

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(r"^\$ kpistream (.*)$", PAGE, re.M)
ROWS = re.findall(r"^\| (`.*?`) \| (.*?) \|", PAGE, re.M)


@pytest.mark.parametrize("text", YAML, ids=["receivers", "allow"])
def test_the_settings_are_right(text: str, tmp_path: Path) -> None:
    config = tmp_path / "kpistream.yml"
    config.write_text(text, encoding="utf-8")
    assert read_receivers(load_settings(config))


def test_each_of_the_first_receivers_gets_a_rule_that_ships(tmp_path: Path) -> None:
    config = tmp_path / "kpistream.yml"
    config.write_text(YAML[0], encoding="utf-8")
    settings, findings = load_settings(config), Findings()
    check_reach(settings, read_receivers(settings), read_plan(settings)[0].rules, findings)
    assert len(findings.checked) == 3
    assert not [line for line in findings.checked if line.endswith("no rule")]


def test_every_key_of_a_receiver_is_on_the_page() -> None:
    keys = [key for keys, _ in ROWS for key in re.findall(r"`(\w+)`", keys)]
    assert sorted(keys) == sorted(ReceiverSettings.model_fields)


def test_what_holds_unless_written_is_what_the_page_says() -> None:
    said = {keys.strip("`"): unless.strip("`") for keys, unless in ROWS}
    usual = ReceiverSettings(name="a", url="https://x/")
    assert said["kind"] == usual.kind
    assert said["group_by"] == f"[{', '.join(usual.group_by)}]"
    assert float(said["group_wait"]) == usual.group_wait
    assert float(said["group_interval"]) == usual.group_interval
    assert said["repeat_interval"] == f"{usual.repeat_interval or 0:.0f}".replace("14400", "4h")
    assert said["send_resolved"] == str(usual.send_resolved).lower()


def test_every_key_of_a_mute_time_is_on_the_page() -> None:
    text = PAGE[PAGE.index("A mute time has") : PAGE.index("## What is told")]
    for name, field in MuteTimeSettings.model_fields.items():
        assert f"`{field.alias or name}`" in text


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"after {POLICY.first_wait_s} s, then twice as long each time up to" in text
    assert f"up to {POLICY.longest_wait_s:.0f} s, for a day" in text
    assert POLICY.give_up_after_s == 86_400
    assert f"(4xx) {POLICY.most_refusals} times at most" in text
    assert f"at most {MOST_AT_ONCE} messages" in text


def test_the_metrics_exist() -> None:
    names = set(re.findall(r"`(kpistream_\w+)`", PAGE))
    assert names
    assert names <= {family.name for family in FAMILIES}


def test_the_matchers_are_some() -> None:
    text = PAGE[PAGE.index("## Matchers") : PAGE.index("## Silences")]
    matchers = re.findall(r"`(\w+[=!~]+[^`]+)`", text)
    assert [parse_matcher(one).op for one in matchers] == ["=", "!=", "=~", "!~"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_what_the_page_says(kpistream: Run, command: str) -> None:
    desk = FrontDesk()
    desk.known = [silence(id="5f0c2ab94d7e4a10", starts_at=START, ends_at=START + 600)]
    words = [firing().fingerprint if w == "d0f537b5fbd28f67" else w for w in shlex.split(command)]
    with Served(desk, None) as url:
        ran = kpistream(*words, "--url", url)
    assert (ran.code, ran.err) == (0, "")
    assert len(desk.said) == (words[0] == "ack" or words[1:2] in (["add"], ["expire"]))


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 6
