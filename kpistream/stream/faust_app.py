"""The Faust app: building it is separate from running it, and nothing is made at import."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import faust
from faust.app.base import BootStrategy
from mode import CrashingSupervisor

from kpistream.stream.connection import Connection
from kpistream.stream.recovery import RowTableManager
from kpistream.stream.transport import BatchTransport

SCHEME: Final = "kafka://"

REQUEST_S: Final = 90.0
"""How long a request may take; Faust wants that it is no less than the session's timeout."""


class _NoProducer(BootStrategy):
    """Starts no Faust producer: rows go through a `BulkSender`."""

    enable_kafka_producer = False


class _App(faust.App):
    """A Faust app without a data directory, and without Faust's own producer."""

    BootStrategy = _NoProducer

    def _create_directories(self) -> None:
        """Keep the working directory clean: nothing is stored on disk."""


def build_faust_app(app_id: str, connection: Connection, url: str) -> faust.App:
    """An app with the batch transport and batch recovery, and without what it does not need.

    ``url`` is where the other workers of the group reach this one; they hear of it from Faust.
    """
    app = _App(
        app_id,
        broker=[SCHEME + server for server in connection.servers],
        broker_credentials=connection.faust_credentials(),
        store="memory://",
        TableManager=RowTableManager,
        agent_supervisor=CrashingSupervisor,
        table_standby_replicas=0,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        canonical_url=url,
        stream_wait_empty=True,
        broker_commit_interval=1.0,
        broker_request_timeout=max(REQUEST_S, connection.session_timeout_s),
        broker_session_timeout=connection.session_timeout_s,
        broker_heartbeat_interval=min(3.0, connection.session_timeout_s / 3),
        consumer_max_fetch_size=1024 * 1024,
        consumer_auto_offset_reset="earliest",
    )
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    return app


def own_url(app: faust.App) -> str:
    """Where the other workers reach this one, spelled as they hear it."""
    return str(app.conf.canonical_url).rstrip("/")


async def serve(app: faust.App, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
    """Run until `stop` is set or the app crashes; re-raise what crashed it."""
    app.in_worker = True
    starting = asyncio.create_task(app.start())
    ends = {asyncio.create_task(app.wait_until_stopped()), asyncio.create_task(stop.wait())}
    try:
        await asyncio.wait({starting, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            if app.crash_reason is None:
                on_ready()
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await app.stop()
        for task in (starting, *ends):
            task.cancel()
    if app.crash_reason is not None:
        raise app.crash_reason
