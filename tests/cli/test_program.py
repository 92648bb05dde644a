from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kpistream import __version__
from kpistream.cli.program import program
from tests.cli.conftest import Run

COMMANDS = (
    *("demo", "worker", "emit", "check", "compute", "kpis", "topics create"),
    *("alerts", "ack", "silence add", "silence list", "silence expire"),
)


def _commands(command: Any, *path: str) -> Iterator[str]:
    """All there are, as they are typed; the program itself among them."""
    yield " ".join(path)
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, *path, name)


def test_it_knows_its_version(kpistream: Run) -> None:
    ran = kpistream("--version")
    assert (ran.code, ran.out) == (0, f"kpistream {__version__}\n")


def test_it_runs_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "kpistream", "--version"], capture_output=True, check=True
    )
    assert ran.stdout.decode().strip() == f"kpistream {__version__}"


def test_help_lists_the_commands_and_the_exit_codes(kpistream: Run) -> None:
    ran = kpistream("--help")
    assert ran.code == 0
    for command in COMMANDS:
        assert command.split()[0] in ran.out
    assert "Exit codes" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(kpistream: Run, command: str) -> None:
    ran = kpistream(*command.split(), "--help")
    assert ran.code == 0
    assert "Usage" in ran.out


@pytest.mark.parametrize("command", [*_commands(get_command(program))])
def test_help_speaks_of_values_and_not_of_types(kpistream: Run, command: str) -> None:
    ran = kpistream(*command.split(), "--help")
    assert "--help" in ran.out
    in_brackets = re.findall(r"<[a-z][^<>]*>", ran.out)
    assert [one for one in in_brackets if "|" not in one] == []


def test_the_paragraphs_of_help_fill_their_lines(kpistream: Run) -> None:
    assert "sends seeded traffic, and shows the KPIs" in kpistream("demo", "--help").out


def test_help_names_the_file_that_is_read_unless_another_is(kpistream: Run) -> None:
    assert "kpistream.yml" in kpistream("--help").out
    assert "kpistream.yml" in kpistream("worker", "--help").out


def test_the_file_of_the_working_directory_is_used(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kpistream.yml").write_text("windows: [soon]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = kpistream("check", "--no-broker")
    assert ran.code == 2
    assert ran.err.startswith("kpistream.yml:1: windows[0]: 'soon' is not a length")


@pytest.mark.parametrize("command", ["worker", "emit", "check", "compute", "kpis"])
def test_help_names_the_variable_of_a_setting(kpistream: Run, command: str) -> None:
    assert "KPISTREAM_CONFIG" in kpistream(command, "--help").out


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["worker", "--nothing"], ["compute"], ["topics", "destroy"]]
)
def test_what_does_not_exist_ends_with_2(kpistream: Run, arguments: list[str]) -> None:
    assert kpistream(*arguments).code == 2


@pytest.mark.parametrize(
    "command", ["worker", "emit", "check", "compute x", "kpis", "topics create"]
)
def test_a_bad_settings_file_ends_each_command_with_2(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("KPISTREAM_CONFIG", "nowhere.yml")
    ran = kpistream(*command.split())
    assert ran.code == 2
    assert "nowhere.yml:1: cannot be read" in ran.err


def test_a_worker_without_a_broker_ends_with_1_and_one_clear_line(
    kpistream: Run, nobody: str
) -> None:
    ran = kpistream("worker", "--broker", nobody, "--web-port", 0)
    assert ran.code == 1
    [line] = [line for line in ran.err.splitlines() if "the worker failed" in line]
    assert "KPISTREAM_BROKER" in line
    assert "Traceback" not in ran.err


def test_a_worker_shows_a_traceback_at_the_level_debug(kpistream: Run, nobody: str) -> None:
    ran = kpistream("worker", "--broker", nobody, "--web-port", 0, "--log-level", "DEBUG")
    assert ran.code == 1
    assert "Traceback" in ran.err


def test_a_password_is_in_no_message(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    monkeypatch.setenv("KPISTREAM_BROKER_SECURITY", "SASL_PLAINTEXT")
    monkeypatch.setenv("KPISTREAM_BROKER_USERNAME", "reader")
    monkeypatch.setenv("KPISTREAM_BROKER_PASSWORD", "s3cr3t")
    for arguments in (
        ("check", "--broker", nobody),
        ("emit", "--broker", nobody),
        ("worker", "--broker", nobody, "--web-port", "0", "--log-level", "DEBUG"),
    ):
        ran = kpistream(*arguments)
        assert ran.code in (1, 2)
        assert "s3cr3t" not in ran.out + ran.err
