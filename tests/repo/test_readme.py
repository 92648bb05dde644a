"""The README tells the truth: its commands, its event, its links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from kpistream.cli.program import program
from kpistream.core.decode import Decoder, Rejected
from kpistream.core.events import Click
from kpistream.settings import PREFIX, Settings

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
    assert len(COMMANDS) == 7


def test_the_event_is_accepted() -> None:
    (example,) = re.findall(r"```json\n(.+?)\n```", README, re.DOTALL)

    assert not isinstance(Decoder(Click).decode(example.encode()), Rejected)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_it_fits_two_screens() -> None:
    assert len(README.splitlines()) <= 100
