"""A worker with everything around it: topics, sender, web server, streams."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from kpistream import __version__
from kpistream.cli.generate import own_kpis
from kpistream.cli.wiring.advertised import advertised_url, guard_of, peer_token
from kpistream.cli.wiring.known import Known
from kpistream.cli.wiring.receivers import open_receivers, read_receivers
from kpistream.cli.wiring.wiring import connection, create_topics
from kpistream.core.catalogue.boards import boards_of
from kpistream.core.monitoring.readings import Board
from kpistream.core.plan import Plan
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.web import WebServer
from kpistream.edges.web.assets import Assets
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.live.routes import LiveRoutes
from kpistream.settings import Settings
from kpistream.stream.app import Stream
from kpistream.stream.faust_app import serve
from kpistream.stream.sender import BulkSender, new_producer

T = TypeVar("T")


class Worker:
    """One worker: :meth:`run` serves until it is told to stop, then leaves nothing unsaved."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        """Raise :class:`ConfigErrors` for receivers that cannot be told."""
        self.url = ""
        """Where its web server listens, once it runs."""
        self.telemetry = Telemetry()
        self._settings = settings
        self._plan = plan
        self._receivers = read_receivers(settings)
        self._known = Known(plan, self.telemetry)
        self._cluster = Cluster(lambda: self._known.peers, peer_token(settings))
        self._live = LiveRoutes(self._known, self._cluster)

    @property
    def board(self) -> Board:
        """The readings of the slices this worker owns; none before it has recovered."""
        return self._known.board

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Serve until ``stop`` is set; raises what made the worker fail."""
        # Chunks are many short-lived objects and no cycles; the default collects half the time.
        gc.set_threshold(100_000, 20, 100)
        async with AsyncExitStack() as stack:
            web = await stack.enter_async_context(self._web())
            stack.push_async_callback(self._cluster.close)
            # Pages are told before the server closes: they would keep it waiting.
            stack.push_async_callback(self._live.feeds.close)
            self.url, self._known.url = web.url, advertised_url(self._settings, web.port)
            stream = await _unless(stop, self._start(stack))
            if stream is not None:
                self._known.stream, self._known.url = stream, stream.url
                await serve(stream.app, stop, on_ready)

    async def _start(self, stack: AsyncExitStack) -> Stream:
        """Connect, and put the streams together; what has to be closed goes on the stack."""
        settings = self._settings
        layout, _, _ = await create_topics(settings)
        sender = await stack.enter_async_context(self._sender())
        boards = boards_of(self._plan.catalogue, own_kpis(settings))
        receivers = await open_receivers(self._receivers, settings, boards, stack)
        return Stream(
            self._plan,
            layout,
            connection(settings),
            sender,
            self.telemetry,
            receivers,
            _clock_ms,
            self._known.url,
            settings.flush_interval,
        )

    def _sender(self) -> BulkSender:
        link = connection(self._settings)
        return BulkSender(lambda: new_producer(link.servers, **link.client_options()))

    def _web(self) -> WebServer:
        settings = self._settings
        return WebServer(
            settings.web_host,
            settings.web_port,
            knowledge=self._known,
            cluster=self._cluster,
            exposition=Exposition(self._collector()),
            receivers=[spec.to_dict() for spec in self._receivers],
            guard=guard_of(settings),
            frame_ancestors=settings.frame_ancestors,
            routes=self._live.routes(),
            pages=Assets().routes(),
        )

    def _collector(self) -> WorkerCollector:
        plan, known = self._plan, self._known
        return WorkerCollector(
            board=lambda: known.board,
            before=lambda: known.before,
            telemetry=self.telemetry,
            alerts=lambda: known.alerts,
            dimensions=plan.slicing.dimensions,
            rules=[rule.name for rule in plan.rules],
            objectives=lambda: known.objectives,
            unpriced=lambda: known.unpriced,
            version=__version__,
        )


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work returns; None when `stop` was set first, and the work given up."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait({working, stopping})


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
