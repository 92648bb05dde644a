"""``kpistream topics``: the topics that kpistream needs."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from kpistream.cli.help_page import Command, Group
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import AppId, Broker, Config, Json
from kpistream.settings import load_settings

topics = typer.Typer(cls=Group, help="The topics that kpistream needs.", no_args_is_help=True)


@topics.callback()
def _group() -> None:
    pass


@topics.command(cls=Command)
def create(
    config: Config = None, broker: Broker = None, app_id: AppId = None, json: Json = False
) -> None:
    """Create the topics that are missing, and report on those that exist.

    Of these only tables change: they get the partitions that were added to their event topics.
    """
    from kpistream.cli.broker import broker_of
    from kpistream.cli.wiring.wiring import create_topics

    settings = load_settings(config, broker=broker, app_id=app_id)
    log_to_stderr("WARNING", libraries="CRITICAL")
    with broker_of(settings):
        _, specs, report = asyncio.run(create_topics(settings))
    for spec in specs:
        state = report[spec.name]
        differences = {} if state.created else state.differences(spec)
        if json:
            write_json(_document(spec.name, state.partitions, state.created, differences))
        else:
            typer.echo(_line(spec.name, state.partitions, state.created, differences))


def _document(
    name: str, partitions: int, created: bool, differences: dict[str, tuple[str, str | None]]
) -> dict[str, Any]:
    return {
        "kind": "topic",
        "topic": name,
        "partitions": partitions,
        "created": created,
        "differences": {
            key: {"wanted": wanted, "found": found} for key, (wanted, found) in differences.items()
        },
    }


def _line(
    name: str, partitions: int, created: bool, differences: dict[str, tuple[str, str | None]]
) -> str:
    status = "created" if created else "exists"
    noted = "; ".join(f"{k} is {found}, not {w}" for k, (w, found) in differences.items())
    return f"{status:8}{name} ({partitions} partitions)" + (f": {noted}" if noted else "")
