"""``kpistream ack``: somebody looks after an alert."""

from __future__ import annotations

from typing import Annotated

import typer

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
)
from kpistream.cli.options import Json


def ack(
    fingerprint: Annotated[str, typer.Argument(help="As `kpistream alerts` shows it.")],
    comment: Comment,
    author: Author = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    json: Json = False,
) -> None:
    """Say that you look after a firing alert: nobody is told of it again, but of its end.

    When it fires anew after its end, people are told.
    """
    said = {"author": author_or_user(author), "comment": comment}
    path = f"alerts/{part(fingerprint)}/acknowledge"
    acknowledged = MonitorApi(url, token).post(path, said)
    if json:
        write_json(acknowledged)
    else:
        named = f"alert {acknowledged['fingerprint']}, firing since {acknowledged['since']}"
        typer.echo(f"{acknowledged['author']} looks after {named}")
