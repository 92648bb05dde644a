"""The README tells the truth: its commands, its event, its links."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from kpistream.cli.program import program
from kpistream.cli.wiring.config_files import load_catalogue
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.driver import Driver
from kpistream.core.events.decode import Decoder, Rejected
from kpistream.core.events.events import Click
from kpistream.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+?)(?:\s+#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_a_make_target_exists(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "bin/kpistream " in c])
def test_a_command_of_kpistream_exists(command: str) -> None:
    group = typer.main.get_command(program)
    for word in command.split()[1:]:
        group = getattr(group, "commands", {})[word]
    assert group.help


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("export ")])
def test_a_variable_is_a_setting(command: str) -> None:
    name = command.removeprefix("export ").partition("=")[0]

    assert name.removeprefix(PREFIX).lower() in Settings.model_fields


def test_every_kind_of_command_is_checked() -> None:
    assert len(COMMANDS) == 8


def test_the_event_is_accepted() -> None:
    (example,) = re.findall(r"```json\n(.+?)\n```", README, re.DOTALL)

    assert not isinstance(Decoder(Click).decode(example.encode()), Rejected)


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    """The settings with the README's own events and KPIs."""
    (text,) = re.findall(r"```yaml\n(.+?)```", README, re.DOTALL)
    config = tmp_path / "kpistream.yml"
    config.write_text(text, encoding="utf-8")
    return load_settings(config)


def test_the_kpi_of_ones_own_is_read_of_events(example: Settings) -> None:
    driver = Driver(build_plan(example))
    told = {"event_id": "e-1", "occurred_at": "2026-03-01T10:00:00Z"}
    at_ms = 1_772_359_200_000
    for event, fields in (
        ("lead", {"event_id": "e-1", "stage": "lead", "lead_id": "l-1"}),
        ("lead", {"event_id": "e-2", "stage": "lead", "lead_id": "l-2"}),
        ("test_drive", {"event_id": "e-1", "model": "roadster"}),
    ):
        list(driver.feed(event, json.dumps(told | fields).encode(), at_ms))
    list(driver.finish())
    reading = driver.reading("test_drive_rate", "today")
    assert reading is not None
    assert (reading.value, reading.sample) == (0.5, 2)


def test_the_days_of_the_example_are_those_of_its_time_zone(example: Settings) -> None:
    window = next(w for w in build_plan(example).windows if w.name == "today")
    start, end = (datetime.fromtimestamp(s, UTC) for s in window.bounds(1_772_359_200))
    assert (start.isoformat(), end.isoformat()) == (
        "2026-02-28T23:00:00+00:00",
        "2026-03-01T23:00:00+00:00",
    )


def test_the_catalogue_is_as_large_as_it_says() -> None:
    catalogue = load_catalogue(load_settings())
    assert f"[{len(catalogue.kpis)} KPIs]" in README
    assert f"over {len(catalogue.events)} types of events" in README
    boards = list((ROOT / "grafana" / "dashboards").glob("*.json"))
    assert (len(boards), "ten dashboards" in " ".join(README.split())) == (10, True)


def test_the_calendar_windows_are_those_that_there_are() -> None:
    (listed,) = re.findall(r"where (today.+?) begin$", README, re.MULTILINE)
    calendar = {name for name in load_settings().windows if name.startswith("t")}
    assert set(re.split(r", | and ", listed)) == calendar


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_it_fits_two_screens() -> None:
    assert len(README.splitlines()) <= 2 * 56
