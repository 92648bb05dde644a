"""``kpistream silence``: nobody is told of some alerts for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from kpistream.cli.failures import WRONG, Failure
from kpistream.cli.help_page import Command, Group
from kpistream.cli.lines import write_json
from kpistream.cli.monitor_api import (
    DEFAULT_URL,
    Author,
    Comment,
    MonitorApi,
    Token,
    Url,
    author_or_user,
    part,
    printable,
)
from kpistream.cli.options import Json

silence = typer.Typer(
    cls=Group,
    help="Silences: nobody is told of some alerts for a while.",
    no_args_is_help=True,
)


@silence.command("add", cls=Command)
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(
            help="Which alerts, by their labels; all must match: channel=email 'campaign=~autumn.*'"
        ),
    ],
    length: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 3d.", metavar="LENGTH")],
    comment: Comment,
    author: Author = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="When it starts, such as '2026-03-07 22:00'; now unless given.",
            metavar="TIME",
            show_default=False,
        ),
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    json: Json = False,
) -> None:
    """Silence the alerts that fit all matchers. Of what still fires at the end, people are told."""
    wanted = {
        "matchers": matchers,
        "for": length,
        "author": author_or_user(author),
        "comment": comment,
        "starts_at": None if start is None else _moment(start),
    }
    made = MonitorApi(url, token).post("silences", wanted)
    if json:
        write_json(made)
    else:
        typer.echo(printable(f"silence {made['id']} of {_named(made)} until {made['ends_at']}"))


@silence.command("list", cls=Command)
def list_(url: Url = DEFAULT_URL, token: Token = None, json: Json = False) -> None:
    """List the silences that hold, are to come, or ended in the last five days."""
    found = MonitorApi(url, token).get("silences")["silences"]
    if json:
        for one in found:
            write_json(one)
        return
    for one in found:
        span = f"{one['starts_at']} to {one['ends_at']}"
        words = f"{one['author']}: {one['comment']}" if one["comment"] else one["author"]
        line = f"{one['id']}  {one['state']:<7}  {span}  {_named(one)}  ({words})"
        typer.echo(printable(line))
    if not found:
        typer.echo("no silences")


@silence.command("expire", cls=Command)
def expire(
    id: Annotated[str, typer.Argument(help="As `kpistream silence list` shows it.")],
    author: Author = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """End a silence: of what still fires, people are told now."""
    said = {"author": author_or_user(author)}
    ended = MonitorApi(url, token).delete(f"silences/{part(id)}", said)
    typer.echo(f"silence {ended['id']} ended at {ended['ended_at']}")


def _named(document: dict[str, Any]) -> str:
    return " ".join(document["matchers"])


def _moment(text: str) -> str:
    """A moment with its zone; without one, by the clock of this machine."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        raise Failure(f"--from {text!r} is no moment such as '2026-03-07 22:00'", WRONG) from None
