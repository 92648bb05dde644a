"""``kpistream demo``: the whole journey on one machine, with a story."""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated, Final

import typer

from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Json, seconds
from kpistream.cli.signals import stop_on_signals

PORT: Final = 6066
"""Where the demo's worker listens if nobody else does."""

DURATION_S: Final = 180.0


def demo(
    duration: Annotated[
        float | None,
        typer.Option(
            parser=seconds,
            metavar="SPAN",
            help=f"How long the story lasts, such as 60 or 2m; {DURATION_S:g} unless given.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=20, max=1_000, metavar="NUMBER", help="Events per second.")
    ] = 300.0,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="The same seed, the same story.")] = 7,
    web_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65_535,
            metavar="PORT",
            help=f"Port of the worker; {PORT} unless it is taken, then a free one.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="After the story, stay until Ctrl-C, to look around.")
    ] = False,
    json: Json = False,
) -> None:
    """Play a story on an embedded broker: calm, two campaigns that go wrong, recovery.

    Starts a broker, a worker and a receiver of alerts on this machine alone, sends seeded traffic,
    and shows the KPIs and each alert as it arrives. Leaves nothing behind. With --json, standard
    output has nothing but readings and alerts, one object a line.
    """
    from kpistream.cli.staging.show import Show
    from kpistream.cli.staging.stage import Demo

    log_to_stderr("WARNING", libraries="ERROR")
    port = _port() if web_port is None else web_port

    async def run() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await Demo(rate, seed, duration or DURATION_S, Show(json, stop.set)).run(stop, port, keep)

    asyncio.run(run())


def _port() -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT
