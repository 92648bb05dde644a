from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path

import pytest

from kpistream.edges.emitter.ndjson_sink import NdjsonSink
from kpistream.edges.emitter.shipped import SCENARIOS
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally
from kpistream.settings import Settings
from tests.cli.conftest import Run

START = "2026-03-01T10:00:00Z"
START_MS = 1_772_359_200_000
TRAFFIC = ("--rate", 50, "--seed", 4, "--duration", "10s", "--start", START)


def test_the_same_arguments_write_the_same_bytes(kpistream: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first", "second")]
    for path in files:
        assert kpistream("emit", "--to-file", path, *TRAFFIC).code == 0
    first, second = (path.read_bytes() for path in files)
    assert first == second
    assert first.startswith(b'{"type":"')


def test_another_seed_writes_other_events(kpistream: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first", "second")]
    for seed, path in enumerate(files):
        kpistream("emit", "--to-file", path, *TRAFFIC, "--seed", seed)
    assert files[0].read_bytes() != files[1].read_bytes()


def test_the_tally_is_what_was_emitted(kpistream: Run, tmp_path: Path) -> None:
    ran = kpistream("emit", "--to-file", tmp_path / "f", *TRAFFIC, "--scenario", "chaos", "--json")
    expected = Tally()
    for emission in Simulator(SCENARIOS["chaos"], 50, 4, START_MS, 10):
        expected.enter(emission)
    told = json.loads(ran.out)
    assert told["produced"] == expected.count() == told["acknowledged"]
    assert told["outcomes"] == {outcome.value: n for outcome, n in expected.outcomes().items()}
    assert sum(told["events"].values()) == expected.count()


def test_events_can_be_written_to_standard_output(kpistream: Run) -> None:
    ran = kpistream("emit", "--to-file", "-", *TRAFFIC)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert f"{len(lines):,} events emitted" in ran.err


def test_money_is_in_the_currency_of_the_settings(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_CURRENCY", "JPY")
    ran = kpistream("emit", "--to-file", "-", *TRAFFIC)
    assert '"currency":"JPY"' in ran.out
    assert "EUR" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--to-file", "-"], "--duration"),
        (["--to-file", "-", "--duration", "5", "--json"], "standard output"),
        (["--to-file", "-", "--duration", "5", "--speed", "2"], "--speed"),
        (["--scenario", "storm"], "allowed: story, steady, chaos"),
        (["--speed", "2"], "--duration"),
        (["--speed", "-1"], "above 0"),
        (["--rate", "-3"], "--rate: -3 is not a number above 0"),
        (["--rate", "nan"], "--rate: nan is not a number above 0"),
        (["--start", START], "--start"),
        (["--duration", "soon"], "not a span"),
        (["--duration", "0"], "not a span"),
        (["--rate", "0", "--to-file", "-", "--duration", "5"], "above 0"),
        (["events.ndjson", "--seed", "3"], "--seed"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_says_so(
    kpistream: Run, arguments: list[str], told: str
) -> None:
    ran = kpistream("emit", *arguments)
    assert ran.code == 2
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_cannot_be_written_ends_with_2(kpistream: Run, tmp_path: Path) -> None:
    ran = kpistream("emit", "--to-file", tmp_path, *TRAFFIC)
    assert ran.code == 2
    assert str(tmp_path) in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_file_at_once_with_the_tally(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "events.ndjson"
    command = [sys.executable, "-m", "kpistream", "emit", "--json", "--to-file", str(path)]
    command += ["--duration", "10d", "--rate", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + 60
            while not (path.exists() and path.stat().st_size):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["acknowledged"] == path.read_bytes().count(b"\n") > 0


@pytest.mark.parametrize("command", ["emit", "topics create"])
def test_without_a_broker_the_setting_is_named(kpistream: Run, nobody: str, command: str) -> None:
    ran = kpistream(*command.split(), "--broker", nobody)
    assert ran.code == 1
    assert "no Kafka broker answers" in ran.err
    assert "--broker, KPISTREAM_BROKER or `broker` in the settings file" in ran.err


def test_of_an_unknown_type_in_a_file_each_known_one_is_told_once(
    kpistream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def no_kafka(settings: Settings) -> AsyncIterator[NdjsonSink]:
        yield NdjsonSink(BytesIO())

    monkeypatch.setattr(import_module("kpistream.cli.emit"), "_kafka", no_kafka)
    path = tmp_path / "events.ndjson"
    path.write_text('{"type":"nope","event_id":"a","occurred_at":"2026-03-01T10:00:00Z"}\n')
    ran = kpistream("emit", path)
    assert ran.code != 0
    [told] = [line for line in ran.err.splitlines() if "unknown type 'nope'" in line]
    names = told.partition("`type` is one of ")[2].split(", ")
    assert len(names) == len(set(names)) > 1
