from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kpistream.cli.staging.show import PHASES, WATCHED, WINDOW, Show, alert_document
from kpistream.cli.staging.stage import demo_settings
from kpistream.cli.wiring.receivers import HttpWay, read_receivers
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.events.outcomes import Outcome
from kpistream.edges.emitter.shipped import STORY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally
from kpistream.edges.receiver import ReceivedAlert

FINGERPRINT = "68eea569edfd5e01"


def received(status: str, value: str) -> ReceivedAlert:
    return ReceivedAlert(
        status=status,
        labels={
            "alertname": "roas_below_one",
            "severity": "critical",
            "kpi": "return_on_ad_spend",
            "window": "1m",
            "owner": "media",
            "currency": "EUR",
            "channel": "display",
            "campaign": "retargeting",
        },
        annotations={"summary": "It loses.", "action": "Pause it.", "value": value},
        startsAt="2026-03-01T10:00:00Z",
        endsAt="2026-03-01T10:01:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        fingerprint=FINGERPRINT,
    )


def test_an_alert_is_shown_in_the_published_form() -> None:
    shown = alert_document(received("firing", "0.87"))
    published = ("kind", "rule", "state", "slice", "value", "since")
    assert {name: shown[name] for name in published} == {
        "kind": "alert",
        "rule": "roas_below_one",
        "state": "firing",
        "slice": {"channel": "display", "campaign": "retargeting"},
        "value": 0.87,
        "since": "2026-03-01T10:00:00Z",
    }


def test_an_alert_without_a_value_has_none() -> None:
    shown = alert_document(received("resolved", "no value"))
    assert (shown["value"], shown["changed_at"]) == (None, "2026-03-01T10:01:00Z")


def test_each_phase_of_the_story_is_announced() -> None:
    assert list(PHASES) == [phase.name for phase in STORY.phases]


def test_its_settings_hold_whatever_else_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = "app_id: mine\nzone: Europe/Paris\nevents: {visit: {}}\nrates: nothing.csv\n"
    (tmp_path / "kpistream.yml").write_text(own, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KPISTREAM_BROKER", "production:9092")
    monkeypatch.setenv("KPISTREAM_BROKER_SECURITY", "SASL_SSL")
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https://hooks.example.org/production")
    monkeypatch.setenv("KPISTREAM_RECEIVERS", '[{"name": "on-call", "url": "https://example.org"}]')
    settings = demo_settings("127.0.0.1:1", "http://127.0.0.1:2/alerts", 0)
    assert (settings.broker, settings.broker_security) == ("127.0.0.1:1", "PLAINTEXT")
    assert (settings.app_id, settings.zone, settings.rates) == ("demo", "UTC", None)
    assert "visit" not in settings.topics
    assert [spec.name for spec in read_receivers(settings)] == ["demo"]


def test_it_is_told_of_each_change_at_once() -> None:
    settings = demo_settings("127.0.0.1:1", "http://127.0.0.1:2/alerts", 0)
    [spec] = read_receivers(settings)
    assert isinstance(spec.way, HttpWay)
    assert str(spec.way.target.url) == "http://127.0.0.1:2/alerts"
    assert (spec.plan.group_wait_s, spec.plan.group_interval_s) == (0.1, 0)
    assert spec.plan.send_resolved


def test_what_it_shows_is_measured_and_judged() -> None:
    plan = build_plan(demo_settings("127.0.0.1:1", "http://127.0.0.1:2/alerts", 0))
    assert {kpi for kpi, _ in WATCHED} <= set(plan.catalogue.kpis)
    assert WINDOW in {window.name for window in plan.windows}
    assert {rule.window for rule in plan.rules} == {WINDOW}


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`kpistream demo --json`, with its output in files."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KPISTREAM_")}
    # Its broker keeps its files there, so that what is left behind shows.
    environment["TMPDIR"] = str(folder / "tmp")
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "kpistream", "demo", "--json", "--web-port", "0", *arguments]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
    return [int(number) for number in text.split()]


def assert_nothing_is_left(folder: Path, children: list[int]) -> None:
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert list((folder / "tmp").iterdir()) == []
    told = (folder / "err").read_text(encoding="utf-8")
    assert "Traceback" not in told
    assert told.rstrip().endswith("nothing is left behind.")


def wait_for_output(folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not (folder / "out").stat().st_size:
        assert time.monotonic() < deadline, (folder / "err").read_text(encoding="utf-8")
        time.sleep(0.1)


@pytest.mark.slow
def test_a_short_demo_writes_readings_and_ends_by_itself(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--duration", "20", "--rate", "150") as process:
        wait_for_output(tmp_path)
        children = children_of(process)
        assert len(children) == 1
        assert process.wait(150) == 0
    assert_nothing_is_left(tmp_path, children)
    lines = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert {line["kind"] for line in lines} <= {"reading", "alert"}
    revenue = [
        line["value"]
        for line in lines
        if line["kind"] == "reading" and (line["kpi"], line["slice"]) == ("revenue", {})
    ]
    assert max(revenue) > 0
    assert "0 late, 0 rejected, 0 not read" in (tmp_path / "err").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_it_ends_quietly_when_nobody_reads_on(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "kpistream", "demo", "--web-port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            told = process.stderr.read().decode()
            assert process.wait(90) == 0
        finally:
            process.kill()
    assert "Traceback" not in told
    assert "Error" not in told


def test_the_last_count_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for emission in Simulator(STORY, 50, 1, 1_772_359_200_000, 10):
        tally.enter(emission)
    read = tally.count() - 7
    outcomes = dict.fromkeys(Outcome, 0) | {Outcome.accepted: read - 3, Outcome.late: 3}
    Show(json=False, closed=lambda: None).summary(tally, outcomes)
    assert (
        f"{tally.count():,} events produced: {read - 3:,} accepted, 0 duplicate, 3 late, "
        "0 rejected, 7 not read when stopped"
    ) in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with running_demo(tmp_path) as process:
        wait_for_output(tmp_path)
        children = children_of(process)
        process.send_signal(number)
        assert process.wait(60) == 0
    assert_nothing_is_left(tmp_path, children)
