"""``kpistream worker``: measures, judges and tells, until it is stopped."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog
import typer

from kpistream.cli.failures import FAILED, Failure, explained
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import (
    AppId,
    Broker,
    Catalogue,
    Config,
    LogLevel,
    Rules,
    WebHost,
    WebPort,
)
from kpistream.cli.signals import stop_on_signals
from kpistream.settings import PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from kpistream.core.plan import Plan

log = structlog.get_logger(__name__)

_ADDRESS_ERRORS: Final = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)


def worker(
    config: Config = None,
    broker: Broker = None,
    app_id: AppId = None,
    catalogue: Catalogue = None,
    rules: Rules = None,
    web_host: WebHost = None,
    web_port: WebPort = None,
    log_level: LogLevel = None,
) -> None:
    """Measure the event topics, keep the KPIs, judge the rules and call the webhooks.

    Creates the topics that are missing. Start as many workers as you like: they share the
    partitions. SIGTERM or Ctrl-C ends it with nothing unsaved.
    """
    from kpistream.cli.wiring.advertised import refuse_openness
    from kpistream.cli.wiring.wiring import build_plan

    settings = load_settings(
        config,
        broker=broker,
        app_id=app_id,
        catalogue=catalogue,
        rules=rules,
        web_host=web_host,
        web_port=web_port,
        log_level=log_level,
    )
    refuse_openness(settings)
    log_to_stderr(settings.log_level)
    plan = build_plan(settings)
    try:
        asyncio.run(_serve(settings, plan))
    except asyncio.CancelledError:
        log.error("stopped before everything was saved: asked twice")
        raise typer.Exit(FAILED) from None
    except Exception as error:
        failure = explained(error)
        log.error("the worker failed", error=str(failure or repr(error)), exc_info=error)
        raise typer.Exit(failure.code if failure else FAILED) from None


async def _serve(settings: Settings, plan: Plan) -> None:
    from kpistream.cli.broker import broker_of
    from kpistream.cli.wiring.serving import Worker

    stop = asyncio.Event()
    stop_on_signals(stop)
    serving = Worker(settings, plan)
    web = f"http://{settings.web_host}:{settings.web_port}"
    log.info("starting", broker=settings.broker, app_id=settings.app_id, web=web)
    with broker_of(settings), web_address_of(settings):
        await serving.run(stop, lambda: log.info("ready", url=serving.url))
    log.info("stopped")


@contextmanager
def web_address_of(settings: Settings) -> Iterator[None]:
    """Turn a refused address into a failure that names the setting to change."""
    try:
        yield
    except OSError as error:
        if error.errno not in _ADDRESS_ERRORS:
            raise
        raise Failure(
            f"cannot listen on {settings.web_host}:{settings.web_port}: {error.strerror}; "
            f"choose another --web-port ({PREFIX}WEB_PORT; 0 for a free one)"
        ) from error
